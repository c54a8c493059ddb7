package io.github.blip2j.backend;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Products and attention of random views: parts of longer tensors, axes in other orders. Libraries
 * guess from strides how a tensor lies, and guess wrong for a few of them in a thousand.
 */
interface ViewConformance {
  int CASES = 200;

  Kernels kernels();

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  default void matmul_ofRandomViews_matchesLoops(long seed) {
    var views = new Views(seed);
    for (int i = 0; i < CASES; i++) {
      try (Scope scope = Scope.open()) {
        int B = views.length(7);
        int H = views.upTo(4);
        int M = views.length(6);
        int K = views.length(9);
        int N = views.length(8);
        Tensor a = views.shuffled(B, H, M, K);
        Tensor b = views.shuffled(B, H, K, N);
        if (views.chance(3)) {
          a = a.select(1, 0);
          b = b.select(1, 0);
          H = 1;
        }
        Tensor out = a.rank() == 4 ? views.samples.out(B, H, M, N) : views.samples.out(B, M, N);

        kernels().matmul(a, b, out);

        double[] expected = Views.product(a.toDoubles(), b.toDoubles(), B * H, M, K, N);
        Samples.assertClose("case " + i + " " + a + " x " + b, expected, out, 3e-5);
      }
    }
  }

  /** Each result is that of a source that was copied before. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  default void inPlace_ofViewsThatOverlap_isThatOfCopies(long seed) {
    Backend here = Tensor.ids(0).backend();
    Backend backend = here.memory().isHost() ? Backend.onHost("under test", kernels()) : here;
    var views = new Views(seed);
    for (int i = 0; i < CASES; i++) {
      try (Scope scope = Scope.open(backend)) {
        int n = 1 + views.length(6);
        int rows = views.upTo(n);
        int columns = views.upTo(n);
        Tensor x = views.tensor(n, n);
        Tensor to = views.part(x, rows, columns);
        Tensor from =
            views.chance(2)
                ? views.part(x, rows, columns)
                : views.part(x, columns, rows).transpose();
        boolean adds = views.chance(2);
        Tensor before = to.copy();
        Tensor source = from.copy();

        if (adds) {
          to.addInPlace(from);
        } else {
          to.copyInPlace(from);
        }

        double[] expected = source.toDoubles();
        double[] old = before.toDoubles();
        for (int k = 0; k < expected.length; k++) {
          expected[k] += adds ? old[k] : 0;
        }
        Samples.assertClose("case " + i + (adds ? " add" : " copy"), expected, to.copy(), 1e-6);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  default void attention_ofRandomViews_isThatOfCopies(long seed) {
    var views = new Views(seed);
    for (int i = 0; i < CASES; i++) {
      try (Scope scope = Scope.open()) {
        int B = views.length(7);
        int H = views.upTo(4);
        int D = views.length(9);
        int T = views.length(5);
        int S = views.length(8);
        Tensor q = views.heads(B, T, H, D);
        Tensor k = views.heads(B, S, H, D);
        Tensor v = views.heads(B, S, H, D);
        Tensor mask = views.chance(3) ? views.tensor(B, 1, T, S) : null;
        Tensor weights = views.chance(2) ? views.samples.out(B, H, T, S) : null;
        Tensor ofViews = views.samples.out(B, T, H, D);

        kernels().attention(q, k, v, 0.3, mask, null, weights, ofViews);

        double[] scores =
            Views.product(
                byHead(q).toDoubles(), byHead(k).transpose(2, 3).toDoubles(), B * H, T, D, S);
        double[] added = mask == null ? null : mask.toDoubles();
        double[] p = Views.softmax(scores, added, H, T, S);
        double[] byHead = Views.product(p, byHead(v).toDoubles(), B * H, T, S, D);
        String what = "case " + i + " " + B + " " + T + " " + S + " " + H + " " + D;
        Samples.assertClose(what, byHead, byHead(ofViews).copy(), 3e-5);
        if (weights != null) {
          Samples.assertClose(what, p, weights, 3e-5);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  default void attentionGradient_ofRandomViews_isThatOfDenseOnes(long seed) {
    var views = new Views(seed);
    for (int i = 0; i < CASES; i++) {
      try (Scope scope = Scope.open()) {
        int B = views.length(7);
        int H = views.upTo(4);
        int D = views.length(9);
        int T = views.length(5);
        int S = views.length(8);
        Tensor q = views.heads(B, T, H, D);
        Tensor k = views.heads(B, S, H, D);
        Tensor v = views.heads(B, S, H, D);
        Tensor g = views.tensor(B, T, H, D);
        Tensor p = views.tensor(B, H, T, S);
        Tensor[] d = {
          views.samples.out(B, T, H, D),
          views.samples.out(B, S, H, D),
          views.samples.out(B, S, H, D)
        };

        kernels().attentionGradient(q, k, v, 0.3, p, null, g, d);

        double[] dp =
            Views.product(
                byHead(g).toDoubles(), byHead(v).transpose(2, 3).toDoubles(), B * H, T, D, S);
        double[] scaled = Views.softmaxGradient(p.toDoubles(), dp, S, 0.3);
        Tensor ds = views.samples.tensor(scaled, B, H, T, S);
        double[] turned = ds.transpose(2, 3).toDoubles();
        double[] dq = Views.product(scaled, byHead(k).toDoubles(), B * H, T, S, D);
        double[] dk = Views.product(turned, byHead(q).toDoubles(), B * H, S, T, D);
        double[] pTurned = p.transpose(2, 3).toDoubles();
        double[] dv = Views.product(pTurned, byHead(g).toDoubles(), B * H, S, T, D);
        String what = "case " + i + " " + B + " " + T + " " + S + " " + H + " " + D;
        Samples.assertClose(what + " dq", dq, byHead(d[0]).copy(), 3e-5);
        Samples.assertClose(what + " dk", dk, byHead(d[1]).copy(), 3e-5);
        Samples.assertClose(what + " dv", dv, byHead(d[2]).copy(), 3e-5);
      }
    }
  }

  private static Tensor byHead(Tensor x) {
    return x.transpose(1, 2);
  }

  /** Random tensors, and what products of dense ones are. */
  final class Views {
    final Samples samples = new Samples(DType.FLOAT32);
    private final Random random;

    Views(long seed) {
      this.random = new Random(seed);
    }

    int upTo(int most) {
      return 1 + random.nextInt(most);
    }

    /** Mostly small, for lengths to agree by chance; sometimes as long as several blocks. */
    int length(int small) {
      return chance(8) ? upTo(40) : upTo(small);
    }

    boolean chance(int in) {
      return random.nextInt(in) == 0;
    }

    Tensor tensor(long... shape) {
      return samples.tensor(samples.normal(shape), shape);
    }

    /** [B, T, H, D] within a longer, wider or fused tensor, or by heads. */
    Tensor heads(long B, long T, long H, long D) {
      long longer = T + (chance(2) ? random.nextInt(5) : 0);
      long start = random.nextInt(Math.toIntExact(longer - T + 1));
      return switch (random.nextInt(4)) {
        case 0 -> tensor(B, longer, H, D).narrow(1, start, T);
        case 1 -> tensor(B, longer, 3, H, D).select(2, random.nextInt(3)).narrow(1, start, T);
        case 2 -> tensor(B, H, longer, D).transpose(1, 2).narrow(1, start, T);
        default ->
            tensor(B + 1, longer, H + 1, D + 2)
                .narrow(0, 0, B)
                .narrow(2, 1, H)
                .narrow(3, 1, D)
                .narrow(1, start, T);
      };
    }

    /** A part of a matrix, anywhere in it. */
    Tensor part(Tensor x, long rows, long columns) {
      long row = random.nextInt(Math.toIntExact(x.dim(0) - rows + 1));
      long column = random.nextInt(Math.toIntExact(x.dim(1) - columns + 1));
      return x.narrow(0, row, rows).narrow(1, column, columns);
    }

    /** Four axes, stored in any order, some of them longer. */
    Tensor shuffled(long... dims) {
      int[] order = {0, 1, 2, 3};
      for (int i = chance(3) ? 3 : 0; i > 0; i--) {
        swap(order, i, random.nextInt(i + 1));
      }
      if (chance(2)) {
        swap(order, 1, 2);
      }
      if (chance(2)) {
        swap(order, 2, 3);
      }
      long[] stored = new long[4];
      for (int i = 0; i < 4; i++) {
        stored[i] = dims[order[i]] + (chance(3) ? random.nextInt(6) : 0);
      }
      Tensor x = tensor(stored);
      for (int i = 0; i < 4; i++) {
        x = x.narrow(i, 0, dims[order[i]]);
      }
      for (int axis = 0; axis < 4; axis++) {
        int at = axis;
        while (order[at] != axis) {
          at++;
        }
        if (at != axis) {
          x = x.transpose(axis, at);
          swap(order, axis, at);
        }
      }
      return x;
    }

    private static void swap(int[] order, int i, int j) {
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }

    /** [count, M, K] x [count, K, N]. */
    static double[] product(double[] a, double[] b, int count, int M, int K, int N) {
      double[] out = new double[count * M * N];
      for (int c = 0; c < count; c++) {
        for (int m = 0; m < M; m++) {
          for (int k = 0; k < K; k++) {
            for (int n = 0; n < N; n++) {
              out[(c * M + m) * N + n] += a[(c * M + m) * K + k] * b[(c * K + k) * N + n];
            }
          }
        }
      }
      return out;
    }

    /** Of 0.3 times the scores [B, H, T, S] with a mask [B, 1, T, S], by rows. */
    static double[] softmax(double[] scores, double @Nullable [] mask, int H, int T, int S) {
      double[] out = new double[scores.length];
      for (int row = 0; row < scores.length / S; row++) {
        int b = row / (H * T);
        double sum = 0;
        for (int s = 0; s < S; s++) {
          double added = mask == null ? 0 : mask[(b * T + row % T) * S + s];
          out[row * S + s] = Math.exp(0.3 * scores[row * S + s] + added);
          sum += out[row * S + s];
        }
        for (int s = 0; s < S; s++) {
          out[row * S + s] /= sum;
        }
      }
      return out;
    }

    static double[] softmaxGradient(double[] p, double[] g, int S, double scale) {
      double[] out = new double[p.length];
      for (int row = 0; row < p.length / S; row++) {
        double dot = 0;
        for (int s = 0; s < S; s++) {
          dot += p[row * S + s] * g[row * S + s];
        }
        for (int s = 0; s < S; s++) {
          out[row * S + s] = scale * p[row * S + s] * (g[row * S + s] - dot);
        }
      }
      return out;
    }
  }
}
