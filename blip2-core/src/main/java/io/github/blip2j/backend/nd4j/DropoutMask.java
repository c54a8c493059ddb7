package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.RowShare;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/**
 * The mask of dropout: a function of a seed and of the element's index, so that a backward pass
 * recomputes the mask instead of storing it, and threads compute it in parallel.
 *
 * <p>The function is a 32-bit hash with good avalanche (Wellons 2018, "Prospecting for hash
 * functions", lowbias32), applied twice, each time after half of the seed. C2 compiles its steps to
 * vector instructions.
 */
final class DropoutMask {
  private static final int[] PLACES = new int[FloatLoops.BLOCK]; // 0, 1, 2, ...

  static {
    for (int i = 0; i < PLACES.length; i++) {
      PLACES[i] = i;
    }
  }

  private final int threshold; // of 31 bits; below it an element is dropped
  private final int scaleBits;
  private final int seed1;
  private final int seed2;
  private final RowShare rows;

  DropoutMask(DropoutSpec dropout) {
    this.threshold = (int) Math.round(dropout.probability() * (1L << 31));
    this.scaleBits = Float.floatToRawIntBits((float) (1 / (1 - dropout.probability())));
    this.seed1 = (int) dropout.seed();
    this.seed2 = (int) (dropout.seed() >>> 32);
    this.rows = dropout.rows();
  }

  /** out = x times the mask. */
  void apply(RawTensor x, RawTensor out) {
    if (x.dtype() == DType.FLOAT64) {
      applyToDoubles(x, out);
      return;
    }
    long from = x.hostAddress();
    long to = out.hostAddress();
    long size = x.size();
    FloatLoops.spans(size, (first, end) -> apply(from, to, first, end, size));
  }

  private void apply(long from, long to, long first, long end, long size) {
    FloatBuffer source = FloatLoops.floats(from, first, end);
    FloatBuffer target = FloatLoops.floats(to, first, end);
    float[] values = new float[FloatLoops.BLOCK];
    float[] factors = new float[FloatLoops.BLOCK];
    int[] bits = new int[FloatLoops.BLOCK];
    // Numbers are read back as floats of the same bits.
    ByteBuffer both = ByteBuffer.allocateDirect(bits.length * Integer.BYTES);
    IntBuffer asBits = both.order(ByteOrder.nativeOrder()).asIntBuffer();
    FloatBuffer asFloats = both.asFloatBuffer();
    for (long at = first; at < end; ) {
      int count = (int) Math.min(FloatLoops.BLOCK, Math.min(end, runEnd(at, size)) - at);
      draw(rows.place(at, size), bits, count);
      asBits.put(0, bits, 0, count);
      asFloats.get(0, factors, 0, count);
      int offset = (int) (at - first);
      source.get(offset, values, 0, count);
      for (int i = 0; i < count; i++) {
        values[i] *= factors[i];
      }
      target.put(offset, values, 0, count);
      at += count;
    }
  }

  /** The end of the elements from one on whose places follow one another, within 32 bits. */
  private long runEnd(long at, long size) {
    long run = rows.run(size);
    long left = run - at % run;
    long low = rows.place(at, size) & 0xFFFF_FFFFL;
    return at + Math.min(left, (1L << 32) - low);
  }

  /**
   * Writes the bits of a float, 0 or the scale, for {@code count} elements from {@code first} on.
   */
  private void draw(long first, int[] bits, int count) {
    int low = seed1 + (int) first;
    int high = seed2 + (int) (first >>> 32); // the same for all of them
    int[] places = PLACES; // C2 of JDK 17 vectorises no loop counter: 6 times slower
    for (int i = 0; i < count; i++) {
      int hash = mix(mix(places[i] + low) + high);
      bits[i] = ~(((hash >>> 1) - threshold) >> 31) & scaleBits;
    }
  }

  private static int mix(int value) {
    int x = value;
    x ^= x >>> 16;
    x *= 0x7feb352d;
    x ^= x >>> 15;
    x *= 0x846ca68b;
    return x ^ (x >>> 16);
  }

  private void applyToDoubles(RawTensor x, RawTensor out) {
    double[] values = HostMemory.doubles(x);
    int[] bits = new int[1];
    for (int i = 0; i < values.length; i++) {
      draw(rows.place(i, values.length), bits, 1);
      values[i] *= Float.intBitsToFloat(bits[0]);
    }
    HostMemory.put(values, out);
  }
}
