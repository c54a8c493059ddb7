package io.github.blip2j.io.torch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The layout of a zip archive whose entries have known sizes: uncompressed entries at multiples of
 * 64 bytes as in PyTorch, with the 64-bit fields of large files (PKWARE's APPNOTE 6.3).
 */
final class ZipLayout {
  /** Bytes and their position. */
  record Piece(ByteBuffer bytes, long position) {}

  /** One entry. */
  static final class Entry {
    private final byte[] name;
    private final long size;
    private final long header;
    private final long begin;
    private long crc;

    private Entry(byte[] name, long size, long header, long begin) {
      this.name = name;
      this.size = size;
      this.header = header;
      this.begin = begin;
    }

    /** The position of its bytes in the file. */
    long begin() {
      return begin;
    }

    /** Sets the CRC-32 of its bytes. */
    void checksum(long value) {
      this.crc = value;
    }
  }

  private static final int ALIGNMENT = 64;
  private static final int VERSION = 45; // the first with 64-bit fields
  private static final int MIDNIGHT_1980 = 0x0021_0000; // date in the upper half, time in the lower
  private static final int WIDE_KIND = 1;
  private static final int PADDING_KIND = 0x4246; // "FB", as PyTorch pads
  private static final int LOCAL_BYTES = 30;
  private static final int LOCAL_WIDE_BYTES = 20;
  private static final int PADDING_HEAD = 4;
  private static final int IN_64_BITS = -1;

  private final List<Entry> entries = new ArrayList<>();
  private long end;

  /** Adds an entry after the others. */
  Entry add(String name, long size) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    long least = end + LOCAL_BYTES + bytes.length + LOCAL_WIDE_BYTES + PADDING_HEAD;
    long begin = (least + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    var entry = new Entry(bytes, size, end, begin);
    entries.add(entry);
    end = Math.addExact(begin, size);
    return entry;
  }

  /**
   * The records of the archive, without the entries' bytes; complete once every checksum is set.
   */
  List<Piece> pieces() {
    List<Piece> pieces = new ArrayList<>();
    int directoryBytes = 0;
    for (Entry entry : entries) {
      pieces.add(new Piece(local(entry), entry.header));
      directoryBytes += 46 + 28 + entry.name.length;
    }
    ByteBuffer directory = little(directoryBytes + 56 + 20 + 22);
    entries.forEach(entry -> central(entry, directory));
    end(directory, directoryBytes);
    pieces.add(new Piece(directory.flip(), end));
    return pieces;
  }

  private static ByteBuffer local(Entry entry) {
    int bytes = (int) (entry.begin - entry.header);
    ByteBuffer local = little(bytes);
    int padding = bytes - LOCAL_BYTES - entry.name.length - LOCAL_WIDE_BYTES - PADDING_HEAD;
    local.putInt(0x04034b50).putShort((short) VERSION);
    common(local, entry);
    local.putInt(IN_64_BITS).putInt(IN_64_BITS).putShort((short) entry.name.length);
    local.putShort((short) (LOCAL_WIDE_BYTES + PADDING_HEAD + padding)).put(entry.name);
    local.putShort((short) WIDE_KIND).putShort((short) 16).putLong(entry.size).putLong(entry.size);
    local.putShort((short) PADDING_KIND).putShort((short) padding).put(new byte[padding]);
    return local.flip();
  }

  private static void central(Entry entry, ByteBuffer into) {
    into.putInt(0x02014b50).putShort((short) VERSION).putShort((short) VERSION);
    common(into, entry);
    into.putInt(IN_64_BITS).putInt(IN_64_BITS).putShort((short) entry.name.length);
    into.putShort((short) 28).putShort((short) 0); // extra field, comment
    into.putShort((short) 0).putShort((short) 0).putInt(0).putInt(IN_64_BITS).put(entry.name);
    into.putShort((short) WIDE_KIND).putShort((short) 24);
    into.putLong(entry.size).putLong(entry.size).putLong(entry.header);
  }

  /** Writes flags, no compression, a date, the checksum. */
  private static void common(ByteBuffer into, Entry entry) {
    into.putShort((short) 0x800).putShort((short) 0); // names are UTF-8
    into.putInt(MIDNIGHT_1980).putInt((int) entry.crc);
  }

  private void end(ByteBuffer into, int directoryBytes) {
    into.putInt(0x06064b50).putLong(44).putShort((short) VERSION).putShort((short) VERSION);
    into.putInt(0).putInt(0).putLong(entries.size()).putLong(entries.size());
    into.putLong(directoryBytes).putLong(end);
    into.putInt(0x07064b50).putInt(0).putLong(end + directoryBytes).putInt(1);
    into.putInt(0x06054b50).putShort((short) 0).putShort((short) 0);
    into.putShort((short) -1).putShort((short) -1).putInt(IN_64_BITS).putInt(IN_64_BITS);
    into.putShort((short) 0);
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
