package io.github.blip2j.distributed;

import io.github.blip2j.backend.HostMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * Numbers as ranks send them in a {@linkplain Collectives#startSum sum in bfloat16}, for those who
 * implement {@link HostCollectives}: two in 32 bits, on this machine's memory.
 *
 * <p>Numbers are packed in runs of 4096. The lower halves of a run's words hold its first half, the
 * upper halves its second one, so that the loops here are over whole words alone, which Java's
 * compiler makes vector instructions of. A run that ends early is divided alike; what follows an
 * odd one is zero.
 */
public final class PackedBfloat16 {
  private static final int RUN = 1 << 12; // even; stays in the first cache
  private static final long MOST = 1L << 24; // numbers in one view of memory

  private static final int UPPER = 0xFFFF0000;
  private static final int INFINITY = 0x7F800000;
  private static final int NAN = 0x7FC00000;

  private final int[] packed = new int[RUN / 2];
  private final int[] low = new int[RUN / 2];
  private final int[] high = new int[RUN / 2];
  private final float[] lowSum = new float[RUN / 2];
  private final float[] highSum = new float[RUN / 2];
  private final float[] next = new float[RUN / 2];
  private final IntBuffer bits; // the same memory as
  private final FloatBuffer floats;

  private PackedBfloat16() {
    ByteBuffer memory = ByteBuffer.allocate(RUN / 2 * Float.BYTES).order(ByteOrder.nativeOrder());
    bits = memory.asIntBuffer();
    floats = memory.asFloatBuffer();
  }

  /** Bytes of so many packed numbers: two each, and a multiple of four. */
  public static long bytes(long count) {
    return (count + 1) / 2 * Integer.BYTES;
  }

  /**
   * Rounds float32 numbers to the nearest of bfloat16, of two the even one. Infinities stay; NaNs
   * become one and the same.
   *
   * @param source address of {@code count} float32 numbers
   * @param target address of {@link #bytes} bytes
   */
  public static void pack(long source, long count, long target) {
    var loops = new PackedBfloat16();
    for (long done = 0; done < count; done += MOST) {
      int part = (int) Math.min(MOST, count - done);
      IntBuffer from = numbers(source, done, part);
      IntBuffer to = words(target, done, part);
      for (int at = 0; at < part; at += RUN) {
        int run = Math.min(RUN, part - at);
        int half = (run + 1) / 2;
        from.get(at, loops.low, 0, half);
        loops.high[half - 1] = 0;
        from.get(at + half, loops.high, 0, run - half);
        loops.pack(half);
        to.put(at / 2, loops.packed, 0, half);
      }
    }
  }

  /**
   * The float32 numbers of packed ones.
   *
   * @param source address of packed numbers
   * @param target address of {@code count} float32 numbers
   */
  public static void unpack(long source, long count, long target) {
    var loops = new PackedBfloat16();
    for (long done = 0; done < count; done += MOST) {
      int part = (int) Math.min(MOST, count - done);
      IntBuffer from = words(source, done, part);
      IntBuffer to = numbers(target, done, part);
      for (int at = 0; at < part; at += RUN) {
        int run = Math.min(RUN, part - at);
        int half = (run + 1) / 2;
        from.get(at / 2, loops.packed, 0, half);
        loops.unpack(half);
        to.put(at, loops.low, 0, half);
        to.put(at + half, loops.high, 0, run - half);
      }
    }
  }

  /**
   * Adds packed numbers in float32, in the order of the sources, and rounds the sums.
   *
   * @param sources addresses of {@code count} packed numbers each, one for each rank
   * @param target address of packed numbers; may be one of the sources
   */
  public static void sum(long[] sources, long count, long target) {
    var loops = new PackedBfloat16();
    IntBuffer[] from = new IntBuffer[sources.length];
    for (long done = 0; done < count; done += MOST) {
      int part = (int) Math.min(MOST, count - done);
      for (int rank = 0; rank < from.length; rank++) {
        from[rank] = words(sources[rank], done, part);
      }
      IntBuffer to = words(target, done, part);
      for (int at = 0; at < part; at += RUN) {
        int half = (Math.min(RUN, part - at) + 1) / 2;
        loops.sum(from, at / 2, half);
        to.put(at / 2, loops.packed, 0, half);
      }
    }
  }

  /** Leaves the packed sums of one run. */
  private void sum(IntBuffer[] from, int at, int half) {
    for (int rank = 0; rank < from.length; rank++) {
      from[rank].get(at, packed, 0, half);
      unpack(half);
      if (rank == 0) {
        bits.put(0, low, 0, half);
        floats.get(0, lowSum, 0, half);
        bits.put(0, high, 0, half);
        floats.get(0, highSum, 0, half);
      } else {
        bits.put(0, low, 0, half);
        floats.get(0, next, 0, half);
        add(lowSum, next, half);
        bits.put(0, high, 0, half);
        floats.get(0, next, 0, half);
        add(highSum, next, half);
      }
    }
    floats.put(0, lowSum, 0, half);
    bits.get(0, low, 0, half);
    floats.put(0, highSum, 0, half);
    bits.get(0, high, 0, half);
    pack(half);
  }

  private static void add(float[] sum, float[] next, int count) {
    for (int i = 0; i < count; i++) {
      sum[i] += next[i];
    }
  }

  private void pack(int half) {
    pack(low, high, packed, half);
  }

  private static void pack(int[] low, int[] high, int[] packed, int half) {
    for (int i = 0; i < half; i++) {
      packed[i] = (rounded(low[i]) >>> 16) | (rounded(high[i]) & UPPER);
    }
  }

  private void unpack(int half) {
    unpack(packed, low, high, half);
  }

  private static void unpack(int[] packed, int[] low, int[] high, int half) {
    for (int i = 0; i < half; i++) {
      low[i] = packed[i] << 16;
      high[i] = packed[i] & UPPER;
    }
  }

  /** The bits of a float32 whose upper half is the nearest of bfloat16. No branches: see above. */
  private static int rounded(int number) {
    int nearest = number + 0x7FFF + ((number >>> 16) & 1);
    int nan = (INFINITY - (number & Integer.MAX_VALUE)) >> 31; // all bits if it is a NaN
    return (nearest & ~nan) | (NAN & nan);
  }

  private static IntBuffer numbers(long address, long done, int part) {
    return ints(address + done * Float.BYTES, part);
  }

  private static IntBuffer words(long address, long done, int part) {
    return ints(address + done / 2 * Integer.BYTES, (part + 1) / 2);
  }

  private static IntBuffer ints(long address, int count) {
    return HostMemory.bytes(address, (long) count * Integer.BYTES)
        .order(ByteOrder.nativeOrder())
        .asIntBuffer();
  }
}
