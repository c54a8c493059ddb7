package io.github.blip2j.fuzz;

import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import io.github.blip2j.vision.image.UnreadableImageException;
import java.io.IOException;
import java.util.zip.CRC32;

/** Picture files: read, or refused as an unreadable picture. */
public final class PictureTarget {
  private static final ImageDecoder DECODER =
      new ImageDecoder().withMaxPixels(1_000_000).withExifRotation(true);

  private PictureTarget() {}

  /** Decodes one file. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    try {
      Image image = DECODER.decode(repaired(data), "input");
      if ((long) image.width() * image.height() > 1_000_000) {
        throw new AssertionError("larger than allowed: " + image);
      }
    } catch (UnreadableImageException e) {
      if (!String.valueOf(e.getMessage()).startsWith("input: ")) {
        throw new AssertionError("names no file", e);
      }
    }
  }

  /** Checksums of PNG chunks set right: no mutation finds them. */
  private static byte[] repaired(byte[] data) {
    if (data.length < 12 || data[1] != 'P' || data[2] != 'N') {
      return data;
    }
    byte[] file = data.clone();
    int at = 8;
    while (at + 12 <= file.length) {
      long length = Integer.toUnsignedLong(int32(file, at));
      if (length > file.length - at - 12) {
        return file;
      }
      var sum = new CRC32();
      sum.update(file, at + 4, (int) length + 4);
      int end = at + 8 + (int) length;
      for (int i = 0; i < 4; i++) {
        file[end + i] = (byte) (sum.getValue() >> (24 - 8 * i));
      }
      at = end + 4;
    }
    return file;
  }

  private static int int32(byte[] file, int at) {
    return (file[at] & 0xFF) << 24
        | (file[at + 1] & 0xFF) << 16
        | (file[at + 2] & 0xFF) << 8
        | (file[at + 3] & 0xFF);
  }
}
