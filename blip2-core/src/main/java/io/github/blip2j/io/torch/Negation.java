package io.github.blip2j.io.torch;

import io.github.blip2j.io.tensor.TensorEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Reads part of a tensor with the signs reversed. */
final class Negation {
  private static final int PART_BYTES = 1 << 16; // a multiple of every element's size

  /** Reads bytes of a tensor as stored. */
  interface Source {
    void read(long byteOffset, ByteBuffer into) throws IOException;
  }

  private Negation() {}

  /** Fills the buffer's remaining bytes from the negated tensor, from any byte on. */
  static void read(TensorEntry entry, long byteOffset, ByteBuffer into, Source stored)
      throws IOException {
    int element = PickleClass.byteSize(entry.dtypeName());
    ByteBuffer part = ByteBuffer.allocate(PART_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    long at = byteOffset;
    while (into.hasRemaining()) {
      long begin = at / element * element; // whole elements: one byte has the sign
      part.clear().limit((int) Math.min(PART_BYTES, entry.byteSize() - begin));
      stored.read(begin, part);
      part.flip();
      negate(part, element, TensorEntry.isFloating(entry.dtypeName()));
      int from = (int) (at - begin);
      int count = Math.min(part.limit() - from, into.remaining());
      into.put(into.position(), part, from, count).position(into.position() + count);
      at += count;
    }
  }

  private static void negate(ByteBuffer part, int element, boolean floating) {
    for (int at = 0; at < part.limit(); at += element) {
      if (floating) {
        int last = at + element - 1; // the sign is its highest bit, for zeros and NaNs too
        part.put(last, (byte) (part.get(last) ^ 0x80));
      } else {
        negate(part, at, element);
      }
    }
  }

  private static void negate(ByteBuffer part, int at, int element) {
    switch (element) {
      case 1 -> part.put(at, (byte) -part.get(at));
      case 2 -> part.putShort(at, (short) -part.getShort(at));
      case 4 -> part.putInt(at, -part.getInt(at));
      default -> part.putLong(at, -part.getLong(at));
    }
  }
}
