package io.github.blip2j.onednn.packed;

import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.onednn.primitive.CastKernels;
import io.github.blip2j.onednn.primitive.Memory;
import io.github.blip2j.onednn.primitive.ParallelChunks;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import java.nio.ByteBuffer;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.LongPointer;

/**
 * Reads and writes rows of weights [N, K] in oneDNN's blocked layout: outer blocks lie {@code
 * strides} apart, and the inner blocks follow each other, the last axis varying fastest.
 */
final class BlockedWeight {
  private static final int GROUP = 64; // rows written at a time, the width of most blocks

  private final Precision precision;
  private final long size;
  private final long[] strides;
  private final long[] innerSizes;
  private final int[] innerAxes;
  private final int[] columns; // byte offset of each column in a row
  private final int width;

  /** Rows of weights with K inputs; {@code inputs} and {@code outputs} are the axes. */
  BlockedWeight(memory.desc description, int inputs, int outputs, Precision precision, long K) {
    this.precision = precision;
    this.size = description.get_size();
    int rank = description.get_ndims();
    long[] all = numbers(description.get_strides(), rank);
    this.strides = new long[] {all[inputs], all[outputs]};
    int inner = description.get_inner_nblks();
    this.innerSizes = numbers(description.get_inner_blks(), inner);
    this.innerAxes = new int[inner];
    long[] axes = numbers(description.get_inner_idxs(), inner);
    for (int i = 0; i < inner; i++) {
      innerAxes[i] = axes[i] == inputs ? 0 : 1;
    }
    this.width =
        switch (precision) {
          case FLOAT32 -> Float.BYTES;
          case BFLOAT16 -> Short.BYTES;
          case INT8 -> Byte.BYTES;
        };
    this.columns = new int[Math.toIntExact(K)];
    for (int k = 0; k < K; k++) {
      columns[k] = Math.toIntExact(offset(k, 0)); // each axis adds its own offset
    }
  }

  private static long[] numbers(LongPointer pointer, int count) {
    long[] numbers = new long[count];
    if (count > 0) {
      pointer.get(numbers);
    }
    return numbers;
  }

  /** The offset in bytes. */
  private long offset(long k, long n) {
    long outerK = k;
    long outerN = n;
    long offset = 0;
    long step = 1;
    for (int i = innerSizes.length - 1; i >= 0; i--) {
      long block = innerSizes[i];
      if (innerAxes[i] == 0) {
        offset += outerK % block * step;
        outerK /= block;
      } else {
        offset += outerN % block * step;
        outerN /= block;
      }
      step *= block;
    }
    return (offset + outerK * strides[0] + outerN * strides[1]) * width;
  }

  /** Reads row {@code n} of the weight at {@code address}. */
  void read(long address, long n, float[] values) {
    ByteBuffer row = from(address, offset(0, n));
    for (int k = 0; k < values.length; k++) {
      values[k] =
          switch (precision) {
            case FLOAT32 -> row.getFloat(columns[k]);
            case BFLOAT16 -> Float.intBitsToFloat(row.getShort(columns[k]) << Short.SIZE);
            case INT8 -> row.get(columns[k]);
          };
    }
  }

  private ByteBuffer from(long address, long place) {
    return Memory.bytes(address + place, Math.min(size - place, Integer.MAX_VALUE));
  }

  /**
   * Writes a whole bfloat16 weight from float32 or bfloat16. Partial blocks are filled with zeros.
   */
  void write(int threads, RawTensor weight, long address) {
    int N = Math.toIntExact(weight.dim(0));
    boolean full = size == (long) N * columns.length * width;
    if (!full) { // clearing full blocks would only touch fresh memory from one thread
      Memory.clear(address, size);
    }
    ParallelChunks parts =
        new ParallelChunks((N + GROUP - 1) / GROUP, (long) GROUP * columns.length);
    parts.stream(threads)
        .forEach(
            part -> {
              for (int i = (int) parts.first(part); i < parts.first(part + 1); i++) {
                write(weight, i * GROUP, Math.min(GROUP, N - i * GROUP), address);
              }
            });
  }

  private void write(RawTensor weight, int first, int count, long address) {
    short[][] rows = narrow(weight, first, count);
    long place = offset(0, first);
    ByteBuffer blocks = from(address, place);
    int[] places = new int[count];
    for (int i = 0; i < count; i++) {
      places[i] = (int) (offset(0, first + i) - place);
    }
    // Outputs vary fastest in blocks, and so they do here.
    for (int k = 0; k < columns.length; k++) {
      for (int i = 0; i < count; i++) {
        blocks.putShort(columns[k] + places[i], rows[i][k]);
      }
    }
  }

  private short[][] narrow(RawTensor weight, int first, int count) {
    int K = columns.length;
    short[][] rows = new short[count][K];
    int[] bits = new int[K];
    long bytes = (long) K * weight.dtype().byteSize();
    for (int i = 0; i < count; i++) {
      ByteBuffer row = Memory.bytes(weight.address() + (first + i) * bytes, bytes);
      if (weight.dtype() == DType.BFLOAT16) {
        row.asShortBuffer().get(rows[i]);
      } else {
        row.asIntBuffer().get(bits);
        CastKernels.round(bits, rows[i], K);
      }
    }
    return rows;
  }
}
