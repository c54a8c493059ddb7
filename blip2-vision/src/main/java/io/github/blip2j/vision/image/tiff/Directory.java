package io.github.blip2j.vision.image.tiff;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The first directory of a TIFF or BigTIFF file: its entries, whose values stay in the file until
 * they are asked for.
 *
 * <p>What is left out is what Pillow leaves out: entries of unknown types, and all from the first
 * one on whose values lie beyond the end of the file.
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
  private final boolean big;
  private final boolean standard;
  private final Map<Integer, Entry> entries = new HashMap<>();

  /** Where the {@code count} values of one entry begin. */
  private record Entry(int type, int count, int position) {}

  private Directory(byte[] file, ByteOrder order, int version) {
    this.file = ByteBuffer.wrap(file).order(order);
    this.big = version == BIG;
    this.standard = version == BIG || version == CLASSIC;
  }

  /** Reads the directory that the header of {@code file} points to. */
  static Directory read(byte[] file) throws IOException {
    if (file.length < 16) {
      throw new java.io.EOFException();
    }
    var order = file[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    int version = ByteBuffer.wrap(file).order(order).getShort(2);
    if (version == BIG && order == ByteOrder.BIG_ENDIAN) {
      // Pillow takes its header for that of a classic file and finds no directory.
      throw new IOException("BigTIFF with its most significant bytes first is not supported");
    }
    var directory = new Directory(file, order, version);
    directory.readEntries();
    return directory;
  }

  /** Whether numbers are stored with their least significant bytes first. */
  boolean littleEndian() {
    return file.order() == ByteOrder.LITTLE_ENDIAN;
  }

  /** Whether the header says 42 or 43 in its own byte order, as libtiff demands. */
  boolean standard() {
    return standard;
  }

  boolean has(int tag) {
    return entries.containsKey(tag);
  }

  private void readEntries() {
    long start = big ? file.getLong(8) : Integer.toUnsignedLong(file.getInt(4));
    int entryBytes = big ? 20 : 12;
    int valueBytes = big ? 8 : 4;
    int countBytes = big ? 8 : 2;
    if (start <= 0 || start > file.limit() - countBytes) {
      return;
    }
    int position = (int) start;
    long count = big ? file.getLong(position) : Short.toUnsignedInt(file.getShort(position));
    position += countBytes;
    if (count < 0) {
      count = Long.MAX_VALUE; // the file ends first
    }
    for (long i = 0; i < count && position <= file.limit() - entryBytes; i++) {
      if (!readEntry(position, valueBytes)) {
        return;
      }
      position += entryBytes;
    }
  }

  /** Notes one entry; returns whether to go on to the next. */
  private boolean readEntry(int position, int valueBytes) {
    int tag = Short.toUnsignedInt(file.getShort(position));
    int type = Short.toUnsignedInt(file.getShort(position + 2));
    int bytes = type < TYPE_BYTES.length ? TYPE_BYTES[type] : 0;
    if (bytes == 0) {
      return true;
    }
    long count =
        big ? file.getLong(position + 4) : Integer.toUnsignedLong(file.getInt(position + 4));
    int value = position + 4 + valueBytes;
    if (count < 0 || count > file.limit() / bytes) {
      return false;
    }
    if (count * bytes > valueBytes) {
      long offset = big ? file.getLong(value) : Integer.toUnsignedLong(file.getInt(value));
      if (offset < 0) {
        return true;
      }
      if (offset > file.limit() - count * bytes) {
        return false;
      }
      value = (int) offset;
    }
    if (count > 0) {
      entries.put(tag, new Entry(type, (int) count, value));
    }
    return true;
  }

  /** How many values {@code tag} has; 0 if there is no such entry. */
  int count(int tag) {
    Entry entry = entries.get(tag);
    return entry == null ? 0 : entry.count;
  }

  /**
   * The value at {@code index} of {@code tag}, which has so many.
   *
   * @throws IOException if it is no integer
   */
  long integer(int tag, int index) throws IOException {
    Entry entry = entries.get(tag);
    if (entry == null) {
      throw new IOException("no entry " + tag);
    }
    return switch (entry.type) {
      case SHORT -> Short.toUnsignedLong(file.getShort(entry.position + 2 * index));
      case LONG, IFD -> Integer.toUnsignedLong(file.getInt(entry.position + 4 * index));
      case LONG8 -> file.getLong(entry.position + 8 * index);
      case SIGNED_BYTE -> file.get(entry.position + index);
      case SIGNED_SHORT -> file.getShort(entry.position + 2 * index);
      case SIGNED_LONG -> file.getInt(entry.position + 4 * index);
      default -> throw new IOException("entry " + tag + " holds no integers");
    };
  }

  /** The first value of {@code tag}, or {@code missing} if there is no such entry. */
  long number(int tag, long missing) throws IOException {
    return has(tag) ? integer(tag, 0) : missing;
  }

  /** All values of {@code tag}, at most {@code most}; {@code missing} if there is no such entry. */
  long[] integers(int tag, int most, long... missing) throws IOException {
    if (!has(tag)) {
      return missing;
    }
    if (count(tag) > most) {
      throw new IOException("%d values of entry %d".formatted(count(tag), tag));
    }
    long[] values = new long[count(tag)];
    for (int i = 0; i < values.length; i++) {
      values[i] = integer(tag, i);
    }
    return values;
  }

  /** The values of {@code tag} rounded to float; {@code missing} if there are fewer of them. */
  float[] floats(int tag, float... missing) throws IOException {
    Entry entry = entries.get(tag);
    if (entry == null || entry.count < missing.length) {
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

  /** The bytes of {@code tag} if its type is one of bytes, else null. */
  byte @Nullable [] bytes(int tag) {
    Entry entry = entries.get(tag);
    if (entry == null || (entry.type != BYTE && entry.type != UNDEFINED)) {
      return null;
    }
    byte[] bytes = new byte[entry.count];
    file.get(entry.position, bytes);
    return bytes;
  }
}
