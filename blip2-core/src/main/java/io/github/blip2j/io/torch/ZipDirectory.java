package io.github.blip2j.io.torch;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ReadableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The positions of the entries in a zip archive (PKWARE's APPNOTE 6.3, with its 64-bit fields).
 * Uncompressed entries can then be read from any position, which {@link java.util.zip.ZipFile} does
 * not offer.
 */
final class ZipDirectory {
  /** Part of the file. */
  record Span(long position, long size) {}

  private record Entry(int flags, int method, long compressed, long size, long header) {}

  private static final int LOCAL = 0x04034b50; // "PK", and the kind of record
  private static final int CENTRAL = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int END_64 = 0x06064b50;
  private static final int LOCATOR_64 = 0x07064b50;
  private static final int END_BYTES = 22;
  private static final int END_64_BYTES = 56;
  private static final int LOCATOR_64_BYTES = 20;
  private static final int CENTRAL_BYTES = 46;
  private static final int LOCAL_BYTES = 30;
  private static final int LONGEST_COMMENT = 0xffff;
  private static final long IN_64_BITS = 0xffffffffL; // the value is in a 64-bit field elsewhere
  private static final long MOST_DIRECTORY_BYTES = 32_000_000; // entries of 200,000 tensors
  private static final int ENCRYPTED = 1;

  private final ReadableFile file;
  private final Map<String, Entry> entries = new TreeMap<>();
  private final long directory; // its start, where the entries end

  /**
   * Reads the directory of an archive.
   *
   * @throws CheckpointException if it is truncated or contradicts itself
   */
  ZipDirectory(ReadableFile file) throws IOException {
    this.file = file;
    ByteBuffer end = end();
    long endAt = file.size() - end.remaining();
    long size = end.getInt(12) & IN_64_BITS;
    long begin = end.getInt(16) & IN_64_BITS;
    if (size == IN_64_BITS || begin == IN_64_BITS || end.getShort(10) == -1) {
      ByteBuffer end64 = end64(endAt);
      size = end64.getLong(40);
      begin = end64.getLong(48);
    }
    if (begin < 0 || size < 0 || size > MOST_DIRECTORY_BYTES || begin > endAt - size) {
      throw file.error(
          "zip directory expected within %d bytes, got %s bytes from %s; %s",
          endAt,
          Long.toUnsignedString(size),
          Long.toUnsignedString(begin),
          "the file is truncated, copy it again");
    }
    this.directory = begin;
    list(file.bytes(begin, (int) size));
  }

  /** Whether a file begins like a zip archive. */
  static boolean isZip(ReadableFile file) throws IOException {
    return file.size() >= 4 && file.bytes(0, 4).getInt() == LOCAL;
  }

  /** The names of all entries, sorted; unmodifiable. */
  Iterable<String> names() {
    return Collections.unmodifiableSet(entries.keySet());
  }

  boolean has(String name) {
    return entries.containsKey(name);
  }

  /**
   * The position of an entry's bytes.
   *
   * @throws CheckpointException if there is no such entry, it is compressed, or it does not lie
   *     within the file
   */
  Span find(String name) throws IOException {
    @Nullable Entry entry = entries.get(name);
    if (entry == null) {
      throw file.error("zip entry %s is missing; the file is truncated, copy it again", name);
    }
    if (entry.method != 0 || (entry.flags & ENCRYPTED) != 0 || entry.compressed != entry.size) {
      throw file.error(
          "zip entry %s expected as it is, got it compressed; write it by torch.save", name);
    }
    if (entry.header < 0 || entry.header > directory - LOCAL_BYTES) {
      throw outside(name, entry);
    }
    ByteBuffer local = file.bytes(entry.header, LOCAL_BYTES);
    long begin = entry.header + LOCAL_BYTES + uint16(local, 26) + uint16(local, 28);
    if (local.getInt(0) != LOCAL || entry.size < 0 || begin > directory - entry.size) {
      throw outside(name, entry);
    }
    return new Span(begin, entry.size);
  }

  private CheckpointException outside(String name, Entry entry) {
    return file.error(
        "zip entry %s expected before byte %d, got %s bytes from %s; %s",
        name,
        directory,
        Long.toUnsignedString(entry.size),
        Long.toUnsignedString(entry.header),
        "the file is damaged, copy it again");
  }

  /** The end record, which only a comment may follow. */
  private ByteBuffer end() throws IOException {
    long from = Math.max(0, file.size() - END_BYTES - LONGEST_COMMENT);
    ByteBuffer tail = file.bytes(from, (int) (file.size() - from));
    for (int at = tail.limit() - END_BYTES; at >= 0; at--) {
      if (tail.getInt(at) == END) {
        return tail.position(at).slice().order(tail.order());
      }
    }
    throw file.error("zip directory expected at the end, got none; %s", "copy the file again");
  }

  private ByteBuffer end64(long endAt) throws IOException {
    long locatorAt = endAt - LOCATOR_64_BYTES;
    if (locatorAt >= 0) {
      ByteBuffer locator = file.bytes(locatorAt, LOCATOR_64_BYTES);
      long at = locator.getLong(8);
      if (locator.getInt(0) == LOCATOR_64 && at >= 0 && at <= locatorAt - END_64_BYTES) {
        ByteBuffer end64 = file.bytes(at, END_64_BYTES);
        if (end64.getInt(0) == END_64) {
          return end64;
        }
      }
    }
    throw file.error("zip directory of 64 bits expected, got none; copy the file again");
  }

  private void list(ByteBuffer records) throws CheckpointException {
    while (records.hasRemaining()) {
      int at = records.position();
      if (records.remaining() < CENTRAL_BYTES || records.getInt(at) != CENTRAL) {
        throw file.error("zip directory expected a record at its byte %d, got none", at);
      }
      int nameBytes = uint16(records, at + 28);
      int extraBytes = uint16(records, at + 30);
      long next = (long) at + CENTRAL_BYTES + nameBytes + extraBytes + uint16(records, at + 32);
      if (next > records.limit()) {
        throw file.error("zip directory expected a record at its byte %d, got part of one", at);
      }
      byte[] name = new byte[nameBytes];
      records.get(at + CENTRAL_BYTES, name);
      ByteBuffer extra = records.slice(at + CENTRAL_BYTES + nameBytes, extraBytes);
      Entry entry = entry(records.slice(at, CENTRAL_BYTES).order(records.order()), extra);
      if (entries.put(new String(name, StandardCharsets.UTF_8), entry) != null) {
        throw file.error("zip entries expected to differ, got one name twice at byte %d", at);
      }
      records.position((int) next);
    }
  }

  private Entry entry(ByteBuffer record, ByteBuffer extra) throws CheckpointException {
    ByteBuffer wide = wideFields(extra.order(record.order()));
    long size = wide(record.getInt(24), wide);
    long compressed = wide(record.getInt(20), wide);
    long header = wide(record.getInt(42), wide);
    return new Entry(uint16(record, 8), uint16(record, 10), compressed, size, header);
  }

  /** The extra field of kind 1: the values that take 64 bits, in order. */
  private static ByteBuffer wideFields(ByteBuffer extra) {
    while (extra.remaining() >= 4) {
      int kind = extra.getShort() & 0xffff;
      int size = Math.min(extra.getShort() & 0xffff, extra.remaining());
      if (kind == 1) {
        return extra.slice(extra.position(), size).order(extra.order());
      }
      extra.position(extra.position() + size);
    }
    return ByteBuffer.allocate(0);
  }

  private long wide(int narrow, ByteBuffer wide) throws CheckpointException {
    if ((narrow & IN_64_BITS) != IN_64_BITS) {
      return narrow & IN_64_BITS;
    }
    if (wide.remaining() < Long.BYTES) {
      throw file.error("zip directory expected a value of 64 bits, got none");
    }
    return wide.getLong();
  }

  private static int uint16(ByteBuffer bytes, int at) {
    return bytes.getShort(at) & 0xffff;
  }
}
