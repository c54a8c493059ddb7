package io.github.blip2j.vision.image.tiff;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The first directory of a TIFF or BigTIFF file: its entries, whose values stay in the file until
 * they are requested.
 *
 * <p>Pillow and libtiff each read the directory, and differ on damaged files. Pillow stops at the
 * first entry whose values lie beyond the end of the file, and uses the last of duplicate entries.
 * libtiff skips such entries, uses the first of duplicates, and is strict about types and counts.
 */
final class Directory {
  private static final int CLASSIC = 42;
  private static final int BIG = 43;

  /** Bytes of one value by its type's number; 0 for types that Pillow does not know. */
  private static final int[] TYPE_BYTES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8};

  private static final int BYTE = 1;
  private static final int SHORT = 3;
  private static final int LONG = 4;
  private static final int RATIONAL = 5;
  private static final int SIGNED_BYTE = 6;
  private static final int UNDEFINED = 7;
  private static final int SIGNED_SHORT = 8;
  private static final int SIGNED_LONG = 9;
  private static final int SIGNED_RATIONAL = 10;
  private static final int FLOAT = 11;
  private static final int DOUBLE = 12;
  private static final int IFD = 13;
  private static final int LONG8 = 16;

  private final ByteBuffer file;
  private final boolean strict;
  private final Map<Integer, Entry> entries = new HashMap<>();

  /** The position of an entry's {@code count} values, of which {@code held} are in the file. */
  private record Entry(int type, long count, int held, int position) {}

  private Directory(ByteBuffer file, boolean strict) {
    this.file = file;
    this.strict = strict;
  }

  /** Reads the directory that the header of {@code file} points to, as Pillow does. */
  static Directory read(byte[] file) throws IOException {
    var directory = new Directory(buffer(file), false);
    directory.readEntries(version(directory.file) == BIG);
    return directory;
  }

  /**
   * Reads the directory as libtiff does.
   *
   * @throws IOException if libtiff rejects it
   */
  static Directory readStrictly(byte[] file) throws IOException {
    var directory = new Directory(buffer(file), true);
    int version = version(directory.file);
    if (version != BIG && version != CLASSIC) {
      throw new IOException("a header with its bytes swapped");
    }
    if (!directory.readEntries(version == BIG)) {
      throw new EOFException();
    }
    return directory;
  }

  private static ByteBuffer buffer(byte[] file) throws IOException {
    if (file.length < 16) {
      throw new EOFException();
    }
    var order = file[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    ByteBuffer buffer = ByteBuffer.wrap(file).order(order);
    if (version(buffer) == BIG && order == ByteOrder.BIG_ENDIAN) {
      // Pillow reads its header as that of a classic file and finds no directory.
      throw new IOException("BigTIFF with its most significant bytes first is not supported");
    }
    return buffer;
  }

  private static int version(ByteBuffer file) {
    return file.getShort(2);
  }

  /** Whether numbers are stored with their least significant bytes first. */
  boolean littleEndian() {
    return file.order() == ByteOrder.LITTLE_ENDIAN;
  }

  boolean has(int tag) {
    return entries.containsKey(tag);
  }

  /** Reads all entries; returns whether the file holds the stated number. */
  private boolean readEntries(boolean big) {
    long start = big ? file.getLong(8) : Integer.toUnsignedLong(file.getInt(4));
    int entryBytes = big ? 20 : 12;
    int valueBytes = big ? 8 : 4;
    int countBytes = big ? 8 : 2;
    if (start <= 0 || start > file.limit() - countBytes) {
      return false;
    }
    int position = (int) start;
    long count = big ? file.getLong(position) : Short.toUnsignedInt(file.getShort(position));
    position += countBytes;
    boolean whole = count >= 0 && count <= (file.limit() - position) / entryBytes;
    long held = whole ? count : (file.limit() - position) / entryBytes;
    for (long i = 0; i < held && readEntry(position, valueBytes); i++) {
      position += entryBytes;
    }
    return whole;
  }

  /** Reads one entry; returns whether to continue. */
  private boolean readEntry(int position, int valueBytes) {
    int tag = Short.toUnsignedInt(file.getShort(position));
    int type = Short.toUnsignedInt(file.getShort(position + 2));
    int bytes = type < TYPE_BYTES.length ? TYPE_BYTES[type] : 0;
    long count =
        valueBytes == 8
            ? file.getLong(position + 4)
            : Integer.toUnsignedLong(file.getInt(position + 4));
    count = count < 0 ? Long.MAX_VALUE : count;
    if (!strict && (bytes == 0 || count == 0)) {
      return true;
    }
    long value = position + 4L + valueBytes;
    if (bytes > 0 && count > valueBytes / bytes) {
      value =
          valueBytes == 8
              ? file.getLong((int) value)
              : Integer.toUnsignedLong(file.getInt((int) value));
      if (value < 0 && !strict) {
        return true;
      }
    }
    boolean inside = bytes > 0 && value >= 0 && value <= file.limit();
    long held = inside ? Math.min(count, (file.limit() - value) / bytes) : 0;
    if (held < count && !strict) {
      return false;
    }
    if (!strict || !has(tag)) {
      entries.put(tag, new Entry(type, count, (int) held, inside ? (int) value : 0));
    }
    return true;
  }

  /** The number of values of {@code tag}; 0 if there is no such entry. */
  int count(int tag) {
    Entry entry = entries.get(tag);
    return entry == null ? 0 : entry.held;
  }

  /** Whether the file holds fewer than {@code needed} of the values of {@code tag}. */
  boolean isCut(int tag, long needed) {
    Entry entry = entries.get(tag);
    return entry != null && entry.held < Math.min(entry.count, needed);
  }

  /**
   * The value of {@code tag} at {@code index}.
   *
   * @throws IOException if it is no integer
   */
  long integer(int tag, int index) throws IOException {
    Entry entry = entries.get(tag);
    if (entry == null || index >= entry.held) {
      throw new IOException("no value of entry " + tag);
    }
    long value =
        switch (entry.type) {
          case SHORT -> Short.toUnsignedLong(file.getShort(entry.position + 2 * index));
          case LONG, IFD -> Integer.toUnsignedLong(file.getInt(entry.position + 4 * index));
          case LONG8 -> file.getLong(entry.position + 8 * index);
          case BYTE -> Byte.toUnsignedLong(file.get(entry.position + index));
          case SIGNED_BYTE -> file.get(entry.position + index);
          case SIGNED_SHORT -> file.getShort(entry.position + 2 * index);
          case SIGNED_LONG -> file.getInt(entry.position + 4 * index);
          default -> throw new IOException("entry " + tag + " holds no integers");
        };
    // Pillow does not accept bytes as numbers; libtiff does not accept negative numbers or
    // directories.
    if (strict ? entry.type == IFD || value < 0 : entry.type == BYTE) {
      throw new IOException("entry " + tag + " holds no numbers");
    }
    return value;
  }

  /**
   * The only value of {@code tag}, or {@code missing} if there is no such entry; for Pillow, the
   * first value.
   *
   * @throws IOException if it is no integer
   */
  long number(int tag, long missing) throws IOException {
    if (!has(tag)) {
      return missing;
    }
    if (strict && count(tag) != 1) {
      throw new IOException(String.format(Locale.ROOT, "%d values of entry %d", count(tag), tag));
    }
    return integer(tag, 0);
  }

  /** The value of an entry, or {@code missing} if there is none or it is no integer. */
  long numberIfAny(int tag, long missing) {
    try {
      return number(tag, missing);
    } catch (IOException e) {
      return missing;
    }
  }

  /** All values of {@code tag}, at most {@code most}; {@code missing} if there is no such entry. */
  long[] integers(int tag, int most, long... missing) throws IOException {
    if (!has(tag)) {
      return missing;
    }
    if (count(tag) > most || count(tag) == 0 || isCut(tag, most)) {
      throw new IOException(String.format(Locale.ROOT, "%d values of entry %d", count(tag), tag));
    }
    long[] values = new long[count(tag)];
    for (int i = 0; i < values.length; i++) {
      values[i] = integer(tag, i);
    }
    return values;
  }

  /** The values of {@code tag} as floats; {@code missing} if there are not as many. */
  float[] floats(int tag, float... missing) throws IOException {
    Entry entry = entries.get(tag);
    if (entry == null || entry.count != missing.length || entry.held < missing.length) {
      return missing;
    }
    float[] values = new float[missing.length];
    for (int i = 0; i < values.length; i++) {
      int at = entry.position + TYPE_BYTES[entry.type] * i;
      values[i] =
          switch (entry.type) {
            case FLOAT -> file.getFloat(at);
            case DOUBLE -> (float) file.getDouble(at);
            case RATIONAL ->
                ratio(
                    Integer.toUnsignedLong(file.getInt(at)),
                    Integer.toUnsignedLong(file.getInt(at + 4)));
            case SIGNED_RATIONAL -> ratio(file.getInt(at), file.getInt(at + 4));
            default -> integer(tag, i);
          };
    }
    return values;
  }

  private static float ratio(long numerator, long denominator) {
    return denominator == 0 ? 0 : (float) ((double) numerator / denominator);
  }

  /** The bytes of {@code tag} if it has a byte type, else null. */
  byte @Nullable [] bytes(int tag) {
    Entry entry = entries.get(tag);
    if (entry == null
        || (entry.type != BYTE && entry.type != UNDEFINED)
        || entry.held < entry.count) {
      return null;
    }
    byte[] bytes = new byte[entry.held];
    file.get(entry.position, bytes);
    return bytes;
  }
}
