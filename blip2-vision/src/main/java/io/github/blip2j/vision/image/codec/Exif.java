package io.github.blip2j.vision.image.codec;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a camera states in the EXIF data of a file (CIPA DC-008): orientation and date. */
public final class Exif {
  private static final int ORIENTATION = 0x0112;
  private static final int LAST = 8;
  private static final int TAKEN = 0x9003; // DateTimeOriginal
  private static final int CHANGED = 0x0132; // DateTime
  private static final int EXIF_DIRECTORY = 0x8769;
  private static final int DATE_BYTES = 19;
  private static final Pattern DATE =
      Pattern.compile("(\\d{4}):(\\d\\d):(\\d\\d) (\\d\\d):(\\d\\d):(\\d\\d)");
  private static final byte[] START = {'E', 'x', 'i', 'f', 0, 0};

  private Exif() {}

  /** The orientation, 1 to 8, in the TIFF block at {@code from}; upright if it is not stated. */
  public static int orientation(byte[] file, int from, int to) {
    @Nullable ExifBlock block = ExifBlock.of(file, from, to);
    int entry =
        block == null ? -1 : block.find(block.firstDirectory(), ORIENTATION, ExifBlock.SHORT);
    int value = block == null || entry < 0 ? ImageHeader.UPRIGHT : block.shortValue(entry);
    return value >= ImageHeader.UPRIGHT && value <= LAST ? value : ImageHeader.UPRIGHT;
  }

  /**
   * When the picture of a JPEG or TIFF file was taken, or else changed, by the camera's clock;
   * empty if it is not stated.
   */
  public static Optional<LocalDateTime> date(byte[] file) {
    @Nullable ExifBlock block = block(file);
    if (block == null) {
      return Optional.empty();
    }
    int directory = block.firstDirectory();
    int exif = block.find(directory, EXIF_DIRECTORY, ExifBlock.ANY);
    Optional<LocalDateTime> taken =
        exif < 0 ? Optional.empty() : date(block, block.intValue(exif), TAKEN);
    return taken.isPresent() ? taken : date(block, directory, CHANGED);
  }

  private static Optional<LocalDateTime> date(ExifBlock block, int directory, int tag) {
    int entry = block.find(directory, tag, ExifBlock.ANY);
    byte[] text = entry < 0 ? new byte[0] : block.bytes(block.intValue(entry), DATE_BYTES);
    Matcher date = DATE.matcher(new String(text, StandardCharsets.US_ASCII));
    if (!date.matches()) {
      return Optional.empty();
    }
    int[] part = new int[date.groupCount()];
    for (int i = 0; i < part.length; i++) {
      part[i] = Integer.parseInt(date.group(i + 1));
    }
    try {
      return Optional.of(LocalDateTime.of(part[0], part[1], part[2], part[3], part[4], part[5]));
    } catch (DateTimeException e) { // such as 0000:00:00
      return Optional.empty();
    }
  }

  /** The EXIF data of a JPEG file, or a TIFF file. */
  private static @Nullable ExifBlock block(byte[] file) {
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
      at += 4 + START.length;
    }
    boolean ordered =
        end - at > 1 && file[at] == file[at + 1] && (file[at] == 'I' || file[at] == 'M');
    return ordered ? ExifBlock.of(file, at, end) : null;
  }

  /** The length of a segment with its two bytes; 2 where the pixels begin, which ends the walk. */
  private static int length(byte[] file, int at) {
    return Math.max(2, (file[at + 2] & 0xFF) << 8 | (file[at + 3] & 0xFF));
  }

  private static boolean isExif(byte[] file, int at) {
    if ((file[at + 1] & 0xFF) != 0xE1 || at + 4 + START.length > file.length) {
      return false;
    }
    for (int i = 0; i < START.length; i++) {
      if (file[at + 4 + i] != START[i]) {
        return false;
      }
    }
    return true;
  }
}
