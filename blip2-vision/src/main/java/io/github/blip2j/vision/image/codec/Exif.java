package io.github.blip2j.vision.image.codec;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The orientation of the camera in the EXIF data of a file (CIPA DC-008, tag 0x0112). */
public final class Exif {
  private static final int LAST = 8;
  private static final int TAG = 0x0112;
  private static final int SHORT = 3;
  private static final int ENTRY_BYTES = 12;

  private Exif() {}

  /** The orientation, 1 to 8, in the TIFF block at {@code from}; upright if it is not stated. */
  public static int orientation(byte[] file, int from, int to) {
    ByteBuffer tiff = ByteBuffer.wrap(file, from, to - from).slice();
    if (tiff.remaining() < 8) {
      return ImageHeader.UPRIGHT;
    }
    tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    long directory = Integer.toUnsignedLong(tiff.getInt(4));
    if (directory + 2 > tiff.limit()) {
      return ImageHeader.UPRIGHT;
    }
    tiff.position((int) directory);
    int entries = Short.toUnsignedInt(tiff.getShort());
    for (int i = 0; i < entries && tiff.remaining() >= ENTRY_BYTES; i++) {
      int entry = tiff.position();
      int value = Short.toUnsignedInt(tiff.getShort(entry + 8));
      if (tiff.getShort(entry) == TAG && tiff.getShort(entry + 2) == SHORT) {
        return value >= ImageHeader.UPRIGHT && value <= LAST ? value : ImageHeader.UPRIGHT;
      }
      tiff.position(entry + ENTRY_BYTES);
    }
    return ImageHeader.UPRIGHT;
  }
}
