package io.github.blip2j.io.foreign;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;

/** Writes messages of Protocol Buffers and what stands around them, for tests. */
public final class Bytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  public Bytes varint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  public Bytes number(int field, long value) {
    return varint(field << 3).varint(value);
  }

  public Bytes bytes(int field, byte... value) {
    varint((field << 3) | 2).varint(value.length);
    return raw(value);
  }

  public Bytes text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  public Bytes message(int field, Bytes value) {
    return bytes(field, value.array());
  }

  public Bytes raw(byte... value) {
    out.writeBytes(value);
    return this;
  }

  public Bytes floats(float... values) {
    byte[] bytes = new byte[values.length * Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    return raw(bytes);
  }

  public Bytes int32(int value) {
    byte[] bytes = new byte[Integer.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(value);
    return raw(bytes);
  }

  public Bytes int64(long value) {
    byte[] bytes = new byte[Long.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
    return raw(bytes);
  }

  public int size() {
    return out.size();
  }

  public byte[] array() {
    return out.toByteArray();
  }

  public ByteBuffer buffer() {
    return ByteBuffer.wrap(array());
  }

  /**
   * The index of a TensorFlow bundle, a table of LevelDB with one block. A key repeats the start of
   * the one before it.
   *
   * @param entries values by keys, in the order of the keys' bytes
   */
  public static Bytes index(SortedMap<String, Bytes> entries) {
    Bytes block = new Bytes();
    String before = "";
    for (var entry : entries.entrySet()) {
      String key = entry.getKey();
      int shared = 0;
      while (shared < Math.min(before.length(), key.length())
          && before.charAt(shared) == key.charAt(shared)) {
        shared++;
      }
      byte[] rest = key.substring(shared).getBytes(StandardCharsets.UTF_8);
      block.varint(shared).varint(rest.length).varint(entry.getValue().size()).raw(rest);
      block.raw(entry.getValue().array());
      before = key;
    }
    Bytes table = new Bytes();
    int first = block(table, block);
    Bytes handle = new Bytes().varint(0).varint(first);
    int at = table.size();
    Bytes handles = new Bytes().varint(0).varint(1).varint(handle.size()).raw((byte) 'z');
    int second = block(table, handles.raw(handle.array()));
    Bytes footer = new Bytes().varint(0).varint(0).varint(at).varint(second);
    table.raw(footer.array()).raw(new byte[40 - footer.size()]);
    return table.int64(0xdb4775248b80fb57L);
  }

  /** A block with one restart, its kind and a checksum that is not looked at; its size. */
  private static int block(Bytes table, Bytes entries) {
    table.raw(entries.array()).int32(0).int32(1).raw(new byte[5]);
    return entries.size() + 8;
  }

  /** What an index tells of a float32 tensor. */
  public static Bytes entry(int offset, int size, long... dims) {
    Bytes shape = new Bytes();
    for (long dim : dims) {
      shape.message(2, new Bytes().number(1, dim));
    }
    return new Bytes().number(1, 1).message(2, shape).number(4, offset).number(5, size);
  }
}
