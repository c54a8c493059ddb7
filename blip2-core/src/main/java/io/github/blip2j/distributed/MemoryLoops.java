package io.github.blip2j.distributed;

import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.tensor.types.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Plain loops over this machine's memory. */
final class MemoryLoops {
  private static final int PIECE = 1 << 14; // elements; a few pieces stay in the first cache

  private MemoryLoops() {}

  static void copy(long source, long target, long bytes) {
    for (long done = 0; done < bytes; done += HostMemory.CHUNK) {
      long count = Math.min(HostMemory.CHUNK, bytes - done);
      HostMemory.bytes(target + done, count).put(HostMemory.bytes(source + done, count));
    }
  }

  /**
   * Reduces memory of several owners, in their order, and writes the result to every target.
   *
   * @param sources addresses of {@code count} elements each
   */
  static void reduce(Reduction reduction, DType dtype, long count, long[] sources, long[] targets) {
    for (long done = 0; done < count; done += PIECE) {
      int piece = (int) Math.min(PIECE, count - done);
      long offset = done * dtype.byteSize();
      long bytes = (long) piece * dtype.byteSize();
      ByteBuffer result =
          switch (dtype) {
            case FLOAT32 -> floats(reduction, piece, sources, offset, bytes);
            case FLOAT64 -> doubles(reduction, piece, sources, offset, bytes);
            case INT64 -> longs(reduction, piece, sources, offset, bytes);
            default -> throw new AssertionError("reduce: numbers expected, got " + dtype);
          };
      for (long target : targets) {
        at(target + offset, bytes).put(result.rewind());
      }
    }
  }

  private static ByteBuffer floats(
      Reduction reduction, int count, long[] sources, long offset, long bytes) {
    float[] sum = new float[count];
    float[] next = new float[count];
    at(sources[0] + offset, bytes).asFloatBuffer().get(sum);
    for (int rank = 1; rank < sources.length; rank++) {
      at(sources[rank] + offset, bytes).asFloatBuffer().get(next);
      for (int i = 0; i < count; i++) {
        sum[i] =
            switch (reduction) {
              case SUM -> sum[i] + next[i];
              case MAX -> Math.max(sum[i], next[i]);
              case MIN -> Math.min(sum[i], next[i]);
            };
      }
    }
    ByteBuffer result = heap(bytes);
    result.asFloatBuffer().put(sum);
    return result;
  }

  private static ByteBuffer doubles(
      Reduction reduction, int count, long[] sources, long offset, long bytes) {
    double[] sum = new double[count];
    double[] next = new double[count];
    at(sources[0] + offset, bytes).asDoubleBuffer().get(sum);
    for (int rank = 1; rank < sources.length; rank++) {
      at(sources[rank] + offset, bytes).asDoubleBuffer().get(next);
      for (int i = 0; i < count; i++) {
        sum[i] =
            switch (reduction) {
              case SUM -> sum[i] + next[i];
              case MAX -> Math.max(sum[i], next[i]);
              case MIN -> Math.min(sum[i], next[i]);
            };
      }
    }
    ByteBuffer result = heap(bytes);
    result.asDoubleBuffer().put(sum);
    return result;
  }

  private static ByteBuffer longs(
      Reduction reduction, int count, long[] sources, long offset, long bytes) {
    long[] sum = new long[count];
    long[] next = new long[count];
    at(sources[0] + offset, bytes).asLongBuffer().get(sum);
    for (int rank = 1; rank < sources.length; rank++) {
      at(sources[rank] + offset, bytes).asLongBuffer().get(next);
      for (int i = 0; i < count; i++) {
        sum[i] =
            switch (reduction) {
              case SUM -> sum[i] + next[i];
              case MAX -> Math.max(sum[i], next[i]);
              case MIN -> Math.min(sum[i], next[i]);
            };
      }
    }
    ByteBuffer result = heap(bytes);
    result.asLongBuffer().put(sum);
    return result;
  }

  private static ByteBuffer at(long address, long bytes) {
    return HostMemory.bytes(address, bytes).order(ByteOrder.nativeOrder());
  }

  private static ByteBuffer heap(long bytes) {
    return ByteBuffer.allocate((int) bytes).order(ByteOrder.nativeOrder());
  }
}
