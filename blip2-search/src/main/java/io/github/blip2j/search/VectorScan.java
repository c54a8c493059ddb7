package io.github.blip2j.search;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.generation.logits.TopCandidates;
import io.github.blip2j.search.store.ByteRows;
import io.github.blip2j.search.store.Segment;
import io.github.blip2j.search.store.Snapshot;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Compares a vector with all images of an index, in one pass over mapped memory.
 *
 * <pre>{@code
 * Q queries, P their width
 * text    [P]    similarity max_q x_q t
 * image   [Q P]  similarity Σ_q x_q y_q / Q
 * }</pre>
 */
final class VectorScan {
  private final Snapshot index;
  private final Backend host;
  private final float[] vector;
  private final int perGroup;
  private final int parts; // products of unit vectors in the sum

  private VectorScan(Snapshot index, float[] vector, int perGroup, int parts) {
    this.index = index;
    this.host = host();
    this.vector = vector;
    this.perGroup = perGroup;
    this.parts = parts;
  }

  /** The fastest backend on this machine's memory, where the mapped files are. */
  private static Backend host() {
    Backend preferred = Backend.preferred();
    if (preferred.memory().isHost()) {
      return preferred;
    }
    return Backend.available().entrySet().stream()
        .filter(each -> each.getValue().speed() > 0)
        .sorted(Comparator.comparingInt(each -> -each.getValue().speed()))
        .map(each -> Backend.of(each.getKey()))
        .filter(backend -> backend.memory().isHost())
        .findFirst()
        .orElseGet(() -> Backend.of("nd4j"));
  }

  /** For a text, [P]. */
  static VectorScan ofText(Snapshot index, float[] text) {
    return new VectorScan(index, text, index.catalog().model().queries(), 1);
  }

  /** For an image, [Q P]. */
  static VectorScan ofImage(Snapshot index, float[] image) {
    return new VectorScan(index, image, 1, index.catalog().model().queries());
  }

  /**
   * The best rows by the similarity of all vectors in float32.
   *
   * @param accepted which rows may be among them
   */
  TopCandidates exact(int top, IntPredicate accepted) {
    return rescored(rows(scan(top + margin(top), accepted, true)), top);
  }

  /** The best rows by the similarity of all vectors in bytes, in the order of float32. */
  TopCandidates fast(int top, IntPredicate accepted) {
    return rescored(candidates(candidates(top), accepted), top);
  }

  /** The best rows by the similarity of all vectors in bytes. */
  int[] candidates(int count, IntPredicate accepted) {
    return rows(scan(count, accepted, false));
  }

  /** The rows of candidates, the best first. */
  private static int[] rows(TopCandidates candidates) {
    candidates.sort();
    return IntStream.range(0, candidates.size()).map(i -> (int) candidates.place(i)).toArray();
  }

  /** The best of the rows that a source proposes, by the similarity in float32. */
  TopCandidates of(int[] proposed, int top, IntPredicate accepted) {
    int[] rows = Arrays.stream(proposed).sorted().distinct().toArray();
    if (rows.length > 0 && (rows[0] < 0 || rows[rows.length - 1] >= index.rows())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "candidates: rows from 0 to %d expected, got %d; is the source of this index?",
              index.rows() - 1,
              rows[0] < 0 ? rows[0] : rows[rows.length - 1]));
    }
    return rescored(Arrays.stream(rows).filter(accepted).toArray(), top);
  }

  /** How many of the best in bytes are compared in float32. */
  static int candidates(int top) {
    return Math.max(256, 8 * top);
  }

  /** The kernel's sums differ from ours in the last digits, so ties need some more. */
  private static int margin(int top) {
    return 16 + top / 8;
  }

  private TopCandidates scan(int most, IntPredicate accepted, boolean floats) {
    var best = new TopCandidates(Math.min(most, index.rows()));
    float[] x = vector.clone();
    float step = floats ? 1 : ByteRows.roundQuery(x);
    RawTensor query = tensor(x);
    for (int i = 0; i < index.segments().size(); i++) {
      Segment segment = index.segments().get(i);
      float[] largest = scan(segment, query, floats);
      for (int row = 0, first = index.firstRow(i); row < largest.length; row++) {
        float score = floats ? largest[row] : largest[row] * step * segment.scale(row);
        if (score > best.bar() && accepted.test(first + row)) { // later rows lose ties
          best.offer(score, first + row, score);
        }
      }
    }
    return best;
  }

  private float[] scan(Segment segment, RawTensor query, boolean floats) {
    ByteBuffer results = direct(segment.rows());
    RawTensor out =
        HostMemory.view(host, results.duplicate(), DType.FLOAT32, Shape.of(segment.rows()));
    RawTensor rows = floats ? segment.floats(host, perGroup) : segment.bytes(host, perGroup);
    host.kernels().maxSimilarity(rows, query, out);
    float[] largest = new float[segment.rows()];
    results.asFloatBuffer().get(largest);
    return largest;
  }

  private RawTensor tensor(float[] values) {
    ByteBuffer buffer = direct(values.length);
    buffer.duplicate().order(ByteOrder.nativeOrder()).asFloatBuffer().put(values);
    return HostMemory.view(host, buffer, DType.FLOAT32, Shape.of(values.length));
  }

  private static ByteBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(Math.max(1, floats) * Float.BYTES)
        .order(ByteOrder.nativeOrder());
  }

  /** The best of rows by sums in double, which do not depend on the way that led to them. */
  private TopCandidates rescored(int[] candidates, int top) {
    double[] similarities = new double[candidates.length];
    int shares = Threads.count();
    IntStream.range(0, shares)
        .parallel()
        .forEach(
            share -> {
              float[] vectors = new float[index.catalog().model().numbers()];
              for (int i = share; i < candidates.length; i += shares) {
                index.read(candidates[i], vectors);
                similarities[i] = similarity(vectors);
              }
            });
    var best = new TopCandidates(Math.min(top, index.rows()));
    for (int i = 0; i < candidates.length; i++) {
      best.offer(similarities[i], candidates[i], (float) similarities[i]);
    }
    best.sort();
    return best;
  }

  /** The similarity with the vectors of an image, [Q P]. */
  private double similarity(float[] vectors) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int from = 0; from < vectors.length; from += vector.length) {
      largest = Math.max(largest, product(vectors, from));
    }
    return largest / parts;
  }

  /** In four sums, because a single one would wait for each addition. */
  private double product(float[] vectors, int from) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int whole = vector.length / 4 * 4;
    for (int i = 0; i < whole; i += 4) {
      a += (double) vector[i] * vectors[from + i];
      b += (double) vector[i + 1] * vectors[from + i + 1];
      c += (double) vector[i + 2] * vectors[from + i + 2];
      d += (double) vector[i + 3] * vectors[from + i + 3];
    }
    for (int i = whole; i < vector.length; i++) {
      a += (double) vector[i] * vectors[from + i];
    }
    return a + b + (c + d);
  }
}
