package io.github.blip2j.onednn.linear;

import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.onednn.primitive.Memory;
import io.github.blip2j.onednn.primitive.OpenMpThreads;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Locale;
import java.util.stream.IntStream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;

/**
 * The largest product of each group's rows with a vector, at the speed at which the rows are read.
 *
 * <p>oneDNN's GEMM of a matrix and one column streams the matrix once; its product primitives
 * repack it for more columns and take 1.3 to 2 times as long. It reads one stream of memory,
 * though, and a core reads several faster than one: so each piece is brought into the cache by
 * eight streams of loads before it is multiplied.
 */
public final class MaxSimilarityKernel {
  private static final long PIECE = 1 << 18; // bytes, which fit into a core's cache
  private static final int STREAMS = 8;
  private static final int LINE = 64; // bytes that one load brings
  private static final int ZERO = 128; // the byte that stands for 0

  private final OpenMpThreads team;
  private final IntPointer none = new IntPointer(new int[] {0});

  /** A kernel that uses as many threads as OpenMP has. */
  public MaxSimilarityKernel(OpenMpThreads team) {
    this.team = team;
  }

  /** As {@link io.github.blip2j.backend.Kernels#maxSimilarity}. */
  public void run(RawTensor rows, RawTensor x, RawTensor out) {
    if (rows.dim(0) == 0) {
      return;
    }
    try (Workspace workspace = Workspace.open()) {
      boolean bytes = rows.dtype() == DType.UINT8;
      Scan scan = bytes ? new OfBytes(rows, x, out, none) : new OfFloats(rows, x, out);
      long pieces = (scan.groups + scan.atOnce - 1) / scan.atOnce;
      int shares = (int) Math.min(team.size(), pieces);
      long products = scan.memory(x, shares);
      IntStream.range(0, shares)
          .parallel()
          .forEach(share -> team.alone(() -> scan.run(share, shares, products)));
    }
  }

  /** The pieces of one call. */
  private abstract static class Scan {
    private final long from;
    private final long to;
    final long groups;
    final int perGroup;
    final long width;
    final int atOnce; // groups
    private final int elementBytes;

    @SuppressWarnings("unused") // written, so that the loads of fetch are not removed
    private volatile long fetched;

    Scan(RawTensor rows, RawTensor out) {
      this.from = rows.address();
      this.to = out.address();
      this.groups = rows.dim(0);
      this.perGroup = Math.toIntExact(rows.dim(1));
      this.width = rows.dim(2);
      this.elementBytes = rows.dtype().byteSize();
      long piece = Math.max(1, PIECE / (perGroup * width * elementBytes));
      this.atOnce = (int) Math.min(piece, groups);
    }

    /** The address of memory for the products of a piece of each share. */
    long memory(RawTensor operand, int shares) {
      Shape shape = Shape.of(shares, (long) atOnce * perGroup);
      return PlainTensor.uninitialized(operand, "similarity", DType.FLOAT32, shape).address();
    }

    /** Does one of {@code shares} equal parts; returns the share. */
    int run(int share, int shares, long allProducts) {
      long products = allProducts + (long) share * atOnce * perGroup * Float.BYTES;
      long begin = groups * share / shares;
      long end = groups * (share + 1) / shares;
      for (long group = begin; group < end; group += atOnce) {
        int some = (int) Math.min(atOnce, end - group);
        long rows = (long) some * perGroup;
        long at = from + group * perGroup * width * elementBytes;
        fetched = fetch(Memory.bytes(at, rows * width * elementBytes));
        multiply(at, rows, products);
        FloatBuffer result =
            Memory.bytes(to + group * Float.BYTES, (long) some * Float.BYTES).asFloatBuffer();
        result.put(largest(products, some));
      }
      return share;
    }

    /** Brings memory into the cache; returns the sum of what was loaded. */
    private static long fetch(ByteBuffer memory) {
      int part = memory.capacity() / STREAMS & -LINE;
      long sum = 0;
      for (int i = 0; i < part; i += LINE) {
        long first = memory.getLong(i) + memory.getLong(i + part);
        long second = memory.getLong(i + 2 * part) + memory.getLong(i + 3 * part);
        long third = memory.getLong(i + 4 * part) + memory.getLong(i + 5 * part);
        long fourth = memory.getLong(i + 6 * part) + memory.getLong(i + 7 * part);
        sum += first + second + (third + fourth);
      }
      return sum;
    }

    /** Writes the products of rows at an address. */
    abstract void multiply(long at, long rows, long products);

    /** The largest product of each group. */
    abstract float[] largest(long products, int some);

    static void check(int status, long rows, long width) {
      if (status != dnnl.dnnl_success) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "similarity: oneDNN expected to multiply [%d, %d] by a vector, got status %d",
                rows,
                width,
                status));
      }
    }
  }

  private static final class OfFloats extends Scan {
    private final FloatPointer x;

    OfFloats(RawTensor rows, RawTensor x, RawTensor out) {
      super(rows, out);
      this.x = floats(x.address());
    }

    private static FloatPointer floats(long address) {
      return new FloatPointer(Memory.at(address, 0));
    }

    @Override
    void multiply(long at, long rows, long products) {
      byte byRows = (byte) 'N';
      int status =
          dnnl.dnnl_sgemm(
              byRows, byRows, rows, 1, width, 1, floats(at), width, x, 1, 0, floats(products), 1);
      check(status, rows, width);
    }

    @Override
    float[] largest(long products, int some) {
      float[] all = new float[some * perGroup];
      Memory.bytes(products, (long) all.length * Float.BYTES).asFloatBuffer().get(all);
      float[] largest = new float[some];
      for (int group = 0, i = 0; group < some; group++) {
        float best = all[i++];
        for (int end = (group + 1) * perGroup; i < end; i++) {
          best = Math.max(best, all[i]);
        }
        largest[group] = best;
      }
      return largest;
    }
  }

  private static final class OfBytes extends Scan {
    private final BytePointer x;
    private final IntPointer offset;
    private final int zero; // what the bytes' offset adds to every product

    OfBytes(RawTensor rows, RawTensor x, RawTensor out, IntPointer offset) {
      super(rows, out);
      this.offset = offset;
      int count = Math.toIntExact(width);
      float[] vector = new float[count];
      Memory.bytes(x.address(), (long) count * Float.BYTES).asFloatBuffer().get(vector);
      byte[] whole = new byte[count];
      int sum = 0;
      for (int i = 0; i < count; i++) {
        whole[i] = (byte) vector[i];
        sum += whole[i];
      }
      long place =
          PlainTensor.uninitialized(x, "similarity", DType.UINT8, Shape.of(count)).address();
      Memory.bytes(place, count).put(whole);
      this.x = Memory.at(place, count);
      this.zero = ZERO * sum;
    }

    @Override
    void multiply(long at, long rows, long products) {
      byte byRows = (byte) 'N';
      byte none = 0;
      int status =
          dnnl.dnnl_gemm_u8s8s32(
              byRows,
              byRows,
              (byte) 'F', // one offset for all, which is 0
              rows,
              1,
              width,
              1,
              Memory.at(at, 0),
              width,
              none,
              x,
              1,
              none,
              0,
              new IntPointer(Memory.at(products, 0)),
              1,
              offset);
      check(status, rows, width);
    }

    @Override
    float[] largest(long products, int some) {
      int[] all = new int[some * perGroup];
      IntBuffer read = Memory.bytes(products, (long) all.length * Integer.BYTES).asIntBuffer();
      read.get(all);
      float[] largest = new float[some];
      for (int group = 0, i = 0; group < some; group++) {
        int best = all[i++];
        for (int end = (group + 1) * perGroup; i < end; i++) {
          best = Math.max(best, all[i]);
        }
        largest[group] = best - zero;
      }
      return largest;
    }
  }
}
