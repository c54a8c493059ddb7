package io.github.blip2j.search;

import io.github.blip2j.search.store.IndexedFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * When a photo was taken, by the EXIF data of a JPEG or TIFF file (CIPA DC-008, DateTimeOriginal
 * and DateTime). Cameras state local time; it is taken for this machine's.
 */
final class PhotoDate {
  private static final int TAKEN = 0x9003;
  private static final int CHANGED = 0x0132;
  private static final int EXIF_DIRECTORY = 0x8769;
  private static final int ENTRY_BYTES = 12;
  private static final int TEXT_BYTES = 19;
  private static final Pattern DATE =
      Pattern.compile("(\\d{4}):(\\d\\d):(\\d\\d) (\\d\\d):(\\d\\d):(\\d\\d)");
  private static final byte[] EXIF = {'E', 'x', 'i', 'f', 0, 0};

  private final ByteBuffer tiff;

  private PhotoDate(ByteBuffer tiff) {
    this.tiff = tiff;
  }

  /** Milliseconds since 1970, or {@link IndexedFile#UNKNOWN}. */
  static long of(byte[] file) {
    @Nullable ByteBuffer block = block(file);
    if (block == null) {
      return IndexedFile.UNKNOWN;
    }
    var date = new PhotoDate(block);
    int directory = block.getInt(4);
    int exif = date.find(directory, EXIF_DIRECTORY);
    long taken = exif < 0 ? IndexedFile.UNKNOWN : date.read(block.getInt(exif + 8), TAKEN);
    return taken == IndexedFile.UNKNOWN ? date.read(directory, CHANGED) : taken;
  }

  /** The TIFF block of a file. */
  private static @Nullable ByteBuffer block(byte[] file) {
    int at = 0;
    int end = file.length;
    if (end > 4 && (file[0] & 0xFF) == 0xFF && (file[1] & 0xFF) == 0xD8) {
      at = 2;
      while (at + 4 <= file.length && (file[at] & 0xFF) == 0xFF && !isExif(file, at)) {
        at += 2 + length(file, at);
      }
      if (at + 4 > file.length || !isExif(file, at)) {
        return null;
      }
      end = Math.min(file.length, at + 2 + length(file, at));
      at += 4 + EXIF.length;
    }
    if (end - at < 8 || file[at] != file[at + 1] || (file[at] != 'I' && file[at] != 'M')) {
      return null;
    }
    ByteBuffer tiff = ByteBuffer.wrap(file, at, end - at).slice();
    return tiff.order(file[at] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
  }

  /** The length of a segment with its two bytes; 2 where the pixels begin, which ends the walk. */
  private static int length(byte[] file, int at) {
    return Math.max(2, (file[at + 2] & 0xFF) << 8 | (file[at + 3] & 0xFF));
  }

  private static boolean isExif(byte[] file, int at) {
    if ((file[at + 1] & 0xFF) != 0xE1 || at + 4 + EXIF.length > file.length) {
      return false;
    }
    for (int i = 0; i < EXIF.length; i++) {
      if (file[at + 4 + i] != EXIF[i]) {
        return false;
      }
    }
    return true;
  }

  /** The place of an entry of a directory, or -1. */
  private int find(int directory, int tag) {
    if (directory < 0 || directory > tiff.limit() - 2) {
      return -1;
    }
    int entries = Short.toUnsignedInt(tiff.getShort(directory));
    int at = directory + 2;
    for (int i = 0; i < entries && at <= tiff.limit() - ENTRY_BYTES; i++, at += ENTRY_BYTES) {
      if (Short.toUnsignedInt(tiff.getShort(at)) == tag) {
        return at;
      }
    }
    return -1;
  }

  private long read(int directory, int tag) {
    int entry = find(directory, tag);
    int at = entry < 0 ? -1 : tiff.getInt(entry + 8);
    if (at < 0 || at > tiff.limit() - TEXT_BYTES) {
      return IndexedFile.UNKNOWN;
    }
    byte[] text = new byte[TEXT_BYTES];
    tiff.get(at, text);
    Matcher date = DATE.matcher(new String(text, StandardCharsets.US_ASCII));
    if (!date.matches()) {
      return IndexedFile.UNKNOWN;
    }
    int[] part = new int[date.groupCount()];
    for (int i = 0; i < part.length; i++) {
      part[i] = Integer.parseInt(date.group(i + 1));
    }
    try {
      return LocalDateTime.of(part[0], part[1], part[2], part[3], part[4], part[5])
          .atZone(ZoneId.systemDefault())
          .toInstant()
          .toEpochMilli();
    } catch (DateTimeException e) { // such as 0000:00:00
      return IndexedFile.UNKNOWN;
    }
  }
}
