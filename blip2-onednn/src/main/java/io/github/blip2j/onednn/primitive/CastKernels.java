package io.github.blip2j.onednn.primitive;

import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.tensor.types.DType;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;

/**
 * Converts dense float32 to bfloat16 and back in plain Java, a number in a nanosecond, for CPUs
 * without such kernels in oneDNN.
 */
public final class CastKernels {
  private static final int BLOCK = 2048; // 12 KiB in both types
  private static final int SIGN = 0x80000000;
  private static final int INFINITY = 0x7f800000;
  private static final int QUIET = 0x00400000;

  private CastKernels() {}

  /** Widens or rounds; both tensors are dense and of the same size. */
  public static void run(int threads, RawTensor source, RawTensor target) {
    ParallelChunks parts = new ParallelChunks(source.size(), 1);
    boolean widens = target.dtype() == DType.FLOAT32;
    RawTensor narrow = widens ? source : target;
    RawTensor wide = widens ? target : source;
    parts.stream(threads)
        .forEach(
            part -> {
              long from = parts.first(part);
              long count = parts.first(part + 1) - from;
              ShortBuffer halves =
                  Memory.bytes(narrow.address() + from * Short.BYTES, count * Short.BYTES)
                      .asShortBuffer();
              IntBuffer wholes =
                  Memory.bytes(wide.address() + from * Integer.BYTES, count * Integer.BYTES)
                      .asIntBuffer();
              run(halves, wholes, widens);
            });
  }

  private static void run(ShortBuffer halves, IntBuffer wholes, boolean widens) {
    short[] half = new short[BLOCK];
    int[] whole = new int[BLOCK];
    while (halves.hasRemaining()) {
      int count = Math.min(BLOCK, halves.remaining());
      if (widens) {
        halves.get(half, 0, count);
        widen(half, whole, count);
        wholes.put(whole, 0, count);
      } else {
        wholes.get(whole, 0, count);
        round(whole, half, count);
        halves.put(half, 0, count);
      }
    }
  }

  private static void widen(short[] halves, int[] wholes, int count) {
    for (int i = 0; i < count; i++) {
      wholes[i] = halves[i] << Short.SIZE;
    }
  }

  /** Rounds the bits of float32 numbers to the nearest bfloat16, ties to even. */
  public static void round(int[] wholes, short[] halves, int count) {
    for (int i = 0; i < count; i++) {
      int bits = wholes[i];
      boolean number = (bits & ~SIGN) <= INFINITY;
      int odd = bits >>> Short.SIZE & 1;
      // A NaN must not overflow into another number.
      halves[i] = (short) ((number ? bits + 0x7fff + odd : bits | QUIET) >>> Short.SIZE);
    }
  }
}
