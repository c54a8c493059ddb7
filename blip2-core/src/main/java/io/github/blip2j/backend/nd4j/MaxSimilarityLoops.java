package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.tensor.types.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;

/** The largest product of each group's rows with a vector, in Java, one group after the other. */
final class MaxSimilarityLoops {
  private static final int LANES = 8; // a single sum would wait for each addition
  private static final int ZERO = 128; // the byte that stands for 0

  private MaxSimilarityLoops() {}

  /** As {@link io.github.blip2j.backend.Kernels#maxSimilarity}. */
  static void run(RawTensor rows, RawTensor x, RawTensor out) {
    int groups = Math.toIntExact(rows.dim(0));
    int perGroup = Math.toIntExact(rows.dim(1));
    float[] vector = HostMemory.floats(x);
    boolean bytes = rows.dtype() == DType.UINT8;
    int size = perGroup * vector.length * rows.dtype().byteSize();
    long from = rows.hostAddress();
    float[] largest = new float[groups];
    IntStream.range(0, groups)
        .parallel()
        .forEach(
            group -> {
              ByteBuffer some =
                  HostMemory.bytes(from + (long) group * size, size).order(ByteOrder.nativeOrder());
              largest[group] =
                  bytes ? ofBytes(some, vector, perGroup) : ofFloats(some, vector, perGroup);
            });
    HostMemory.put(largest, out);
  }

  private static float ofFloats(ByteBuffer group, float[] x, int rows) {
    float[] row = new float[x.length];
    float largest = Float.NEGATIVE_INFINITY;
    for (int q = 0; q < rows; q++) {
      group.asFloatBuffer().position(q * x.length).get(row);
      largest = Math.max(largest, product(row, x));
    }
    return largest;
  }

  private static float product(float[] a, float[] b) {
    float[] sums = new float[LANES];
    int whole = a.length / LANES * LANES;
    for (int i = 0; i < whole; i += LANES) {
      for (int lane = 0; lane < LANES; lane++) {
        sums[lane] += a[i + lane] * b[i + lane];
      }
    }
    float sum = 0;
    for (float part : sums) {
      sum += part;
    }
    for (int i = whole; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static float ofBytes(ByteBuffer group, float[] x, int rows) {
    byte[] row = new byte[x.length];
    int[] whole = new int[x.length];
    for (int i = 0; i < x.length; i++) {
      whole[i] = (int) x[i];
    }
    int largest = Integer.MIN_VALUE;
    for (int q = 0; q < rows; q++) {
      group.get(row);
      int sum = 0;
      for (int i = 0; i < row.length; i++) {
        sum += ((row[i] & 0xFF) - ZERO) * whole[i];
      }
      largest = Math.max(largest, sum);
    }
    return largest;
  }
}
