package io.github.blip2j.vision.image.webp.lossy;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The arithmetic decoder of VP8 (RFC 6386, section 7): each bit has its own probability.
 *
 * <p>After the end of its bytes it reads zeros. As in libwebp, eight such bits may be used before
 * {@link #isExhausted} reports it: encoders drop trailing zeros.
 */
final class BoolDecoder {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final int LOADED_BYTES = 7;
  private static final int EVEN = 128;

  private final byte[] data;
  private final int end;
  private int position;

  /** The bits read ahead; those from {@link #spare} up are compared with the split. */
  private long value;

  /** The number of bits below the compared ones; negative if bytes must be loaded. */
  private int spare = -Byte.SIZE;

  private int rangeMinusOne = 254;
  private boolean exhausted;

  /** Decodes the bytes of {@code data} from {@code start} to {@code end}. */
  BoolDecoder(byte[] data, int start, int end) {
    this.data = data;
    this.position = start;
    this.end = end;
    load();
  }

  /** Whether more bits were read than the bytes hold. */
  boolean isExhausted() {
    return exhausted;
  }

  /** The next bit, which is 0 with a probability of {@code probability / 256}. */
  int bit(int probability) {
    if (spare < 0) {
      load();
    }
    int split = ((rangeMinusOne * probability) >> 8) + 1;
    int range;
    int bit;
    // In damaged data the value may exceed the range and overflow: 32 bits count, as in libwebp.
    if (Integer.compareUnsigned((int) (value >>> spare), split) >= 0) {
      value -= (long) split << spare;
      range = rangeMinusOne + 1 - split;
      bit = 1;
    } else {
      range = split;
      bit = 0;
    }
    int shift = Integer.numberOfLeadingZeros(range) - (Integer.SIZE - Byte.SIZE);
    rangeMinusOne = (range << shift) - 1;
    spare -= shift;
    return bit;
  }

  /** {@code number}, with the sign in the next bit. */
  int withSign(int number) {
    if (spare < 0) {
      load();
    }
    // As bit(128), where the range is always halved.
    int split = (rangeMinusOne >> 1) + 1;
    int minus = (split - 1 - (int) (value >>> spare)) >> (Integer.SIZE - 1); // 0 or -1
    value -= (long) (split & minus) << spare;
    rangeMinusOne = rangeMinusOne + minus | 1;
    spare--;
    return (number ^ minus) - minus;
  }

  /** The next bit, with probability 1/2, as a flag. */
  boolean flag() {
    return bit(EVEN) != 0;
  }

  /** The next {@code bits} bits as a number, most significant first. */
  int number(int bits) {
    int number = 0;
    for (int i = 0; i < bits; i++) {
      number = number << 1 | bit(EVEN);
    }
    return number;
  }

  /** A number of {@code bits} bits and then its sign. */
  int signedNumber(int bits) {
    int number = number(bits);
    return flag() ? -number : number;
  }

  /** A signed number if a flag states that one follows, else 0. */
  int optionalNumber(int bits) {
    return flag() ? signedNumber(bits) : 0;
  }

  private void load() {
    if (end - position >= Long.BYTES) {
      value = value << (LOADED_BYTES * Byte.SIZE) | (long) LONGS.get(data, position) >>> Byte.SIZE;
      position += LOADED_BYTES;
      spare += LOADED_BYTES * Byte.SIZE;
    } else if (position < end) {
      value = value << Byte.SIZE | (data[position++] & 0xFF);
      spare += Byte.SIZE;
    } else if (exhausted) {
      spare = 0; // the image is rejected already; any bit will do
    } else {
      value <<= Byte.SIZE;
      spare += Byte.SIZE;
      exhausted = true;
    }
  }
}
