package io.github.blip2j.vision.image.webp.lossless;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads the bits of a VP8L image, least significant first. After the end it reads zeros, which
 * {@link #isExhausted} reports.
 */
public final class BitReader {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] data;
  private final int start;
  private final int end;

  /** The number of available bits: libwebp reads ahead 8 bytes, even if there are fewer. */
  private final long total;

  private int position;

  /** Bits read ahead, the next one lowest; bits above {@link #available} are zeros. */
  private long ahead;

  private int available;
  private boolean exhausted;

  /** Reads the bytes of {@code data} from {@code start} to {@code end}. */
  public BitReader(byte[] data, int start, int end) {
    this.data = data;
    this.start = start;
    this.end = end;
    this.position = start;
    this.total = (long) Byte.SIZE * Math.max(end - start, Long.BYTES);
  }

  /** Whether more bits were taken than there are. */
  boolean isExhausted() {
    return exhausted || (long) Byte.SIZE * (position - start) - available > total;
  }

  /** Whether more bits had been taken than there are when {@link #fill} was last called. */
  boolean wasExhausted() {
    return exhausted;
  }

  /**
   * Makes at least 56 bits available to {@link #peek} and {@link #skip}: enough for any three
   * symbols and their extra bits.
   */
  void fill() {
    if (end - position >= Long.BYTES) {
      ahead |= (long) LONGS.get(data, position) << available;
      int bytes = (Long.SIZE - 1 - available) >> 3;
      position += bytes;
      available += bytes * Byte.SIZE;
    } else {
      fillLast();
    }
  }

  private void fillLast() {
    if (isExhausted()) {
      exhausted = true; // the image is rejected already; any bits will do
      available = Long.SIZE;
      return;
    }
    while (available <= Long.SIZE - Byte.SIZE) {
      ahead |= position < end ? (data[position] & 0xFFL) << available : 0;
      position++;
      available += Byte.SIZE;
    }
  }

  /** The next bits, without taking them. */
  int peek() {
    return (int) ahead;
  }

  /** Takes {@code bits} available bits. */
  void skip(int bits) {
    ahead >>>= bits;
    available -= bits;
  }

  /** The next {@code bits} bits, at most 24, as a number. */
  int read(int bits) {
    fill();
    return take(bits);
  }

  /** As {@link #read}, for available bits. */
  int take(int bits) {
    int value = (int) ahead & (1 << bits) - 1;
    skip(bits);
    return value;
  }

  /** The next bit as a flag. */
  boolean flag() {
    return read(1) != 0;
  }
}
