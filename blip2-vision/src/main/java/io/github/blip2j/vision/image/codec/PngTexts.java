package io.github.blip2j.vision.image.codec;

import java.io.IOException;
import java.util.Locale;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Pillow's checks of texts and colour profiles in a PNG file, none of which is used: one that
 * expands beyond a mebibyte, or is compressed by an unknown method, makes the file invalid.
 */
final class PngTexts {
  private static final int MOST_BYTES = 1 << 20;
  private static final int STEP = 1 << 13;

  private PngTexts() {}

  /** Checks the data of a chunk of this type. */
  static void check(String type, byte[] data) throws IOException {
    int name = indexOfZero(data, 0);
    if (type.equals("iTXt")) {
      checkInternational(type, data, name);
      return;
    }
    if (type.equals("zTXt") && (name < 0 || name + 1 == data.length)) {
      return; // a keyword alone
    }
    int method = name + 1;
    if (method >= data.length || data[method] != 0) {
      throw new IOException(String.format(Locale.ROOT, "chunk %s of an unknown compression", type));
    }
    requireSmall(type, data, method + 1);
  }

  /**
   * Checks international text: keyword, compression flag and method, language, translated keyword,
   * text.
   */
  private static void checkInternational(String type, byte[] data, int name) throws IOException {
    int flags = name + 1;
    if (name < 0 || flags + 2 > data.length || data[flags] == 0 || data[flags + 1] != 0) {
      return;
    }
    int language = indexOfZero(data, flags + 2);
    int translated = language < 0 ? -1 : indexOfZero(data, language + 1);
    if (translated >= 0) {
      requireSmall(type, data, translated + 1);
    }
  }

  private static int indexOfZero(byte[] data, int from) {
    for (int i = from; i < data.length; i++) {
      if (data[i] == 0) {
        return i;
      }
    }
    return -1;
  }

  private static void requireSmall(String type, byte[] data, int from) throws IOException {
    var inflater = new Inflater();
    try {
      inflater.setInput(data, from, data.length - from);
      byte[] step = new byte[STEP];
      int total = 0;
      int count = inflater.inflate(step);
      while (count > 0 && total + count < MOST_BYTES) {
        total += count;
        count = inflater.inflate(step);
      }
      if (total + count == MOST_BYTES && !inflater.finished() && inflater.getRemaining() > 0) {
        throw new IOException(
            String.format(Locale.ROOT, "chunk %s of more than %d bytes", type, MOST_BYTES));
      }
    } catch (DataFormatException e) {
      return; // a damaged text is ignored
    } finally {
      inflater.end();
    }
  }
}
