package io.github.blip2j.onednn.int8;

import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.onednn.packed.ByteRange;
import io.github.blip2j.onednn.primitive.Algorithms;
import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.onednn.primitive.Memory;
import io.github.blip2j.onednn.primitive.ParallelChunks;
import io.github.blip2j.onednn.primitive.Primitive;
import io.github.blip2j.onednn.primitive.PrimitiveCache;
import io.github.blip2j.onednn.primitive.PrimitiveKey;
import io.github.blip2j.onednn.primitive.PrimitivePool;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;

/**
 * Float32 rows quantized to bytes, each row with a scale. A row has one term, or two whose sum has
 * twice as many bits: the second term holds the rounding error of the first. Second terms follow
 * after all first ones.
 *
 * <p>A product reads its weights once for both terms, so in decoding, where reading weights
 * dominates the cost, every row has two.
 */
public final class QuantizedActivations {
  private static final long FEW_ROWS = 64;

  private final ByteRange bits;
  private final RawTensor bytes;
  private final RawTensor scales;
  private final long rows;
  private final int terms;

  private QuantizedActivations(RawTensor x, long M, long K, int terms, ByteRange bits) {
    this.bits = bits;
    this.rows = M;
    this.terms = terms;
    this.bytes = PlainTensor.uninitialized(x, "linear", DType.UINT8, Shape.of(terms * M, K));
    this.scales = PlainTensor.uninitialized(x, "linear", DType.FLOAT32, Shape.of(terms * M, 1));
  }

  /** Quantizes dense rows [M, K]. */
  public static QuantizedActivations of(
      PrimitivePool calls, RawTensor x, long M, long K, ByteRange bits) {
    float[] largest = new float[Math.toIntExact(M)];
    boolean few = M <= FEW_ROWS;
    float bound = few ? Float.POSITIVE_INFINITY : bits.outlier(); // few rows have two terms anyway
    ParallelChunks parts = new ParallelChunks(M, K);
    boolean outlier =
        parts.stream(calls.team().size())
            .mapToObj(
                part -> measure(x, K, parts.first(part), parts.first(part + 1), largest, bound))
            .reduce(false, Boolean::logicalOr); // no short circuit: all parts must be measured
    QuantizedActivations rounded = new QuantizedActivations(x, M, K, few || outlier ? 2 : 1, bits);
    try (Workspace workspace = Workspace.open()) {
      rounded.fill(calls, x, rounded.scale(largest));
    }
    return rounded;
  }

  /**
   * Finds the largest magnitude of each row; returns whether any exceeds {@code bound} times the
   * row's mean.
   */
  private static boolean measure(
      RawTensor x, long K, long from, long to, float[] largest, float bound) {
    boolean settled = Float.isInfinite(bound);
    long size = K * Float.BYTES;
    float[] row = new float[(int) K];
    boolean outlier = false;
    for (int m = (int) from; m < to; m++) {
      Memory.bytes(x.address() + m * size, size).asFloatBuffer().get(row);
      largest[m] = largest(row);
      outlier = outlier || (!settled && largest[m] > bound * mean(row));
    }
    return outlier;
  }

  private static float largest(float[] row) {
    float largest = 0;
    for (float value : row) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /**
   * The mean of the absolute values, in eight accumulators, because a single one would wait for
   * each addition.
   */
  private static float mean(float[] row) {
    float[] sums = new float[8];
    int whole = row.length / 8 * 8;
    for (int i = 0; i < whole; i += 8) {
      for (int j = 0; j < 8; j++) {
        sums[j] += Math.abs(row[i + j]);
      }
    }
    float sum = 0;
    for (float part : sums) {
      sum += part;
    }
    for (int i = whole; i < row.length; i++) {
      sum += Math.abs(row[i]);
    }
    return sum / row.length;
  }

  /** Writes the scales and returns the factors of the rows, [M, 1]. */
  private RawTensor scale(float[] largest) {
    RawTensor factors =
        PlainTensor.uninitialized(bytes, "linear", DType.FLOAT32, Shape.of(rows, 1));
    Memory factor = Memory.at(factors.address(), rows * Float.BYTES);
    Memory scale = Memory.at(scales.address(), scales.size() * Float.BYTES);
    for (int m = 0; m < rows; m++) {
      float step = largest[m] / bits.largest();
      factor.putFloat((long) m * Float.BYTES, step == 0 ? 0 : 1 / step);
      scale.putFloat((long) m * Float.BYTES, step);
      if (terms == 2) {
        scale.putFloat((rows + m) * Float.BYTES, step / bits.second());
      }
    }
    return factors;
  }

  private void fill(PrimitivePool calls, RawTensor x, RawTensor factors) {
    Layout matrix = Layout.matrix(rows, bytes.dim(1));
    long first = bytes.address();
    calls.run(
        PrimitiveKey.of("round", matrix),
        here -> roundingFirst(here, matrix),
        x.address(),
        factors.address(),
        first);
    if (terms == 2) {
      calls.run(
          PrimitiveKey.of("round the rest", matrix),
          here -> roundingTheRest(here, matrix),
          x.address(),
          factors.address(),
          first + matrix.size(),
          first);
    }
  }

  private Primitive roundingFirst(PrimitiveCache here, Layout matrix) {
    post_ops then = new post_ops();
    if (bits.zero() != 0) {
      then.append_eltwise(algorithm.eltwise_linear, 1, bits.zero());
    }
    return rounding(here, matrix, then);
  }

  /** x times the row's factor, rounded to bytes. */
  private Primitive rounding(PrimitiveCache here, Layout matrix, post_ops then) {
    memory.desc x = matrix.desc();
    memory.desc factors = Layout.matrix(matrix.dim(0), 1).desc();
    memory.desc out = bytes(matrix);
    var pd =
        new binary.primitive_desc(
            here.engine(),
            algorithm.binary_mul,
            x,
            factors,
            out,
            PrimitiveCache.attributes(then),
            false);
    return new Primitive(here, new binary(pd), pd)
        .operand(dnnl.DNNL_ARG_SRC_0, x)
        .operand(dnnl.DNNL_ARG_SRC_1, factors)
        .operand(dnnl.DNNL_ARG_DST, out);
  }

  /** The rounding error of the first term, rounded to bytes with a finer step. */
  private Primitive roundingTheRest(PrimitiveCache here, Layout matrix) {
    float second = bits.second();
    post_ops then = new post_ops();
    then.append_binary(algorithm.binary_sub, bytes(matrix));
    then.append_eltwise(algorithm.eltwise_linear, second, second * bits.zero() + bits.zero());
    return rounding(here, matrix, then).operand(Algorithms.afterOperand(0), bytes(matrix));
  }

  private memory.desc bytes(Layout matrix) {
    return Layout.dense(bits.type(), matrix.dim(0), matrix.dim(1)).desc();
  }

  /** The bytes, [terms M, K]; {@link ByteRange} defines their values. */
  RawTensor bytes() {
    return bytes;
  }

  /** The scales, [terms M, 1]. */
  RawTensor scales() {
    return scales;
  }

  /** The number of rows of bytes. */
  long count() {
    return bytes.dim(0);
  }

  /** The number of terms of each row. */
  int terms() {
    return terms;
  }
}
