package io.github.blip2j.onednn;

import io.github.blip2j.tensor.Precision;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.LongPointer;

/**
 * Reads single rows of a weight out of oneDNN's blocks: outer blocks lie {@code strides} apart, and
 * within one the inner blocks follow each other, the last one varying fastest.
 */
final class BlockedRows {
  private final Precision precision;
  private final Memory bytes;
  private final long[] strides;
  private final long[] innerSizes;
  private final int[] innerAxes;

  BlockedRows(memory.desc description, Precision precision, long address) {
    this.precision = precision;
    this.bytes = Memory.at(address, description.get_size());
    int rank = description.get_ndims();
    long[] all = numbers(description.get_strides(), rank);
    this.strides = new long[] {all[rank - 2], all[rank - 1]};
    int inner = description.get_inner_nblks();
    this.innerSizes = numbers(description.get_inner_blks(), inner);
    this.innerAxes = new int[inner];
    long[] axes = numbers(description.get_inner_idxs(), inner);
    for (int i = 0; i < inner; i++) {
      innerAxes[i] = (int) axes[i] - (rank - 2);
    }
  }

  private static long[] numbers(LongPointer pointer, int count) {
    long[] numbers = new long[count];
    if (count > 0) {
      pointer.get(numbers);
    }
    return numbers;
  }

  /** Row {@code n} of the weight, column n of the matrix [K, N]. */
  void read(long n, float[] values) {
    for (int k = 0; k < values.length; k++) {
      values[k] = element(offset(k, n));
    }
  }

  private long offset(long k, long n) {
    long outerK = k;
    long outerN = n;
    long offset = 0;
    long step = 1;
    for (int i = innerSizes.length - 1; i >= 0; i--) {
      long size = innerSizes[i];
      if (innerAxes[i] == 0) {
        offset += outerK % size * step;
        outerK /= size;
      } else {
        offset += outerN % size * step;
        outerN /= size;
      }
      step *= size;
    }
    return offset + outerK * strides[0] + outerN * strides[1];
  }

  private float element(long offset) {
    return switch (precision) {
      case FLOAT32 -> bytes.getFloat(offset * Float.BYTES);
      case BFLOAT16 -> Float.intBitsToFloat(bytes.getShort(offset * Short.BYTES) << 16);
      case INT8 -> bytes.get(offset);
    };
  }
}
