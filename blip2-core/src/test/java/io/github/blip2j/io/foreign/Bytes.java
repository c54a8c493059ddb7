package io.github.blip2j.io.foreign;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes messages of Protocol Buffers and what stands around them, for tests. */
final class Bytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  Bytes varint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  Bytes number(int field, long value) {
    return varint(field << 3).varint(value);
  }

  Bytes bytes(int field, byte... value) {
    varint(field << 3 | 2).varint(value.length);
    return raw(value);
  }

  Bytes text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  Bytes message(int field, Bytes value) {
    return bytes(field, value.array());
  }

  Bytes raw(byte... value) {
    out.writeBytes(value);
    return this;
  }

  Bytes floats(float... values) {
    ByteBuffer buffer = little(values.length * Float.BYTES);
    for (float value : values) {
      buffer.putFloat(value);
    }
    return raw(buffer.array());
  }

  Bytes int32(int value) {
    return raw(little(Integer.BYTES).putInt(value).array());
  }

  Bytes int64(long value) {
    return raw(little(Long.BYTES).putLong(value).array());
  }

  int size() {
    return out.size();
  }

  byte[] array() {
    return out.toByteArray();
  }

  ByteBuffer buffer() {
    return ByteBuffer.wrap(array());
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
