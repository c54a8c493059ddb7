package io.github.blip2j.search;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.search.store.Snapshot;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Finds pairs of rows of a similarity or more, without a missed one, among all pairs.
 *
 * <p>The similarity is s = Σ_q x_q y_q / Q of unit vectors, so the mean of |x_q - y_q|² is 2 (1 -
 * s). By Jensen's inequality the squared distance of the means over q is at most that. Means are
 * compared by a product of matrices, and the few pairs that pass by s.
 */
final class NearDuplicates {
  private static final int AT_ONCE = 512;
  private static final int BESIDE = 8192;
  private static final double ROUNDING = 1e-5;

  private final Snapshot index;
  private final double threshold;
  private final int[] rows; // in use
  private final int queries;
  private final int width;
  private final int[] parent;
  private final double[] least;

  NearDuplicates(Snapshot index, double threshold) {
    if (!(threshold > 0 && threshold <= 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "duplicates: threshold expected above 0 and at most 1, got %s",
              threshold));
    }
    this.index = index;
    this.threshold = threshold;
    this.rows = IntStream.range(0, index.rows()).filter(index::isUsed).toArray();
    this.queries = index.catalog().model().queries();
    this.width = index.catalog().model().width();
    this.parent = IntStream.range(0, rows.length).toArray();
    this.least = new double[rows.length];
    Arrays.fill(least, 1);
  }

  List<PhotoGroup> groups() {
    if (threshold < 1 && rows.length > 1) {
      join();
    }
    Map<Integer, List<IndexedFile>> members = new TreeMap<>();
    for (int i = 0; i < rows.length; i++) {
      members.computeIfAbsent(root(i), any -> new ArrayList<>()).addAll(index.files(rows[i]));
    }
    List<PhotoGroup> groups = new ArrayList<>();
    for (Map.Entry<Integer, List<IndexedFile>> each : members.entrySet()) {
      if (each.getValue().size() > 1) {
        List<Photo> photos =
            each.getValue().stream()
                .sorted(Comparator.comparing(IndexedFile::path))
                .map(Photo::new)
                .toList();
        groups.add(new PhotoGroup(photos, least[each.getKey()]));
      }
    }
    groups.sort(
        Comparator.comparingInt((PhotoGroup group) -> -group.photos().size())
            .thenComparing(group -> group.photos().get(0).name()));
    return List.copyOf(groups);
  }

  private void join() {
    FloatBuffer means = means(); // [rows, P]
    double[] squares = squares(means);
    for (int i = 0; i < rows.length; i += AT_ONCE) {
      int some = Math.min(AT_ONCE, rows.length - i);
      for (int j = i; j < rows.length; j += BESIDE) {
        int others = Math.min(BESIDE, rows.length - j);
        float[] products = products(means, i, some, j, others);
        for (int a = 0; a < some; a++) {
          for (int b = Math.max(0, i + a + 1 - j); b < others; b++) {
            double distance =
                squares[i + a] + squares[j + b] - 2 * (double) products[a * others + b];
            if (distance <= 2 * (1 - threshold) + ROUNDING) {
              compare(i + a, j + b);
            }
          }
        }
      }
    }
  }

  private float[] products(FloatBuffer means, int i, int some, int j, int others) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor left = matrix(means, i, some);
      return left.matmul(matrix(means, j, others).transpose()).toFloats();
    }
  }

  private Tensor matrix(FloatBuffer means, int first, int count) {
    float[] values = new float[count * width];
    means.duplicate().position(first * width).get(values);
    return Tensor.of(values, count, width);
  }

  /**
   * The size of the table of means, at most 2 GiB.
   *
   * @throws IllegalArgumentException if it is larger
   */
  static int bytesOfMeans(int rows, int width) {
    int most = Integer.MAX_VALUE / (width * Float.BYTES);
    if (rows > most) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "duplicates: at most %d photos of different content expected, got %d; make an index"
                  + " for each part, or take the threshold 1 for files of equal content",
              most,
              rows));
    }
    return rows * width * Float.BYTES;
  }

  /** The mean of each row's vectors, outside the heap. */
  private FloatBuffer means() {
    ByteBuffer memory =
        ByteBuffer.allocateDirect(bytesOfMeans(rows.length, width)).order(ByteOrder.nativeOrder());
    FloatBuffer means = memory.asFloatBuffer();
    float[] vectors = new float[queries * width];
    float[] mean = new float[width];
    for (int row : rows) {
      index.read(row, vectors);
      Arrays.fill(mean, 0);
      for (int q = 0; q < queries; q++) {
        for (int p = 0; p < width; p++) {
          mean[p] += vectors[q * width + p];
        }
      }
      for (int p = 0; p < width; p++) {
        mean[p] /= queries;
      }
      means.put(mean);
    }
    return means.flip();
  }

  private double[] squares(FloatBuffer means) {
    double[] squares = new double[rows.length];
    FloatBuffer read = means.duplicate();
    for (int i = 0; i < squares.length; i++) {
      for (int p = 0; p < width; p++) {
        double value = read.get();
        squares[i] += value * value;
      }
    }
    return squares;
  }

  private void compare(int a, int b) {
    if (root(a) == root(b)) {
      return;
    }
    float[] x = new float[queries * width];
    float[] y = new float[queries * width];
    index.read(rows[a], x);
    index.read(rows[b], y);
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (double) x[i] * y[i];
    }
    double similarity = sum / queries;
    if (similarity >= threshold) {
      int from = Math.max(root(a), root(b));
      int to = Math.min(root(a), root(b));
      parent[from] = to;
      least[to] = Math.min(similarity, Math.min(least[from], least[to]));
    }
  }

  private int root(int at) {
    int root = at;
    while (parent[root] != root) {
      parent[root] = parent[parent[root]];
      root = parent[root];
    }
    return root;
  }
}
