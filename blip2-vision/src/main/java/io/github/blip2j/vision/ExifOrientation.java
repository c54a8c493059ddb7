package io.github.blip2j.vision;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a camera was held, from the EXIF data of a file (CIPA DC-008, tag 0x0112), and the turn that
 * sets the picture upright.
 */
final class ExifOrientation {
  /** The picture is stored as it is to be seen. */
  static final int UPRIGHT = 1;

  private static final int LAST = 8;
  private static final int TAG = 0x0112;
  private static final int SHORT = 3;
  private static final int ENTRY_BYTES = 12;

  private ExifOrientation() {}

  /** The orientation, 1 to 8, in the TIFF block at {@code from}; upright if it says nothing. */
  static int find(byte[] file, int from, int to) {
    ByteBuffer tiff = ByteBuffer.wrap(file, from, to - from).slice();
    if (tiff.remaining() < 8) {
      return UPRIGHT;
    }
    tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    long directory = Integer.toUnsignedLong(tiff.getInt(4));
    if (directory + 2 > tiff.limit()) {
      return UPRIGHT;
    }
    tiff.position((int) directory);
    int entries = Short.toUnsignedInt(tiff.getShort());
    for (int i = 0; i < entries && tiff.remaining() >= ENTRY_BYTES; i++) {
      int entry = tiff.position();
      int value = Short.toUnsignedInt(tiff.getShort(entry + 8));
      if (tiff.getShort(entry) == TAG && tiff.getShort(entry + 2) == SHORT) {
        return value >= UPRIGHT && value <= LAST ? value : UPRIGHT;
      }
      tiff.position(entry + ENTRY_BYTES);
    }
    return UPRIGHT;
  }

  /** The picture turned and mirrored so that it stands upright. */
  static RgbImage apply(int orientation, RgbImage image) {
    if (orientation == UPRIGHT) {
      return image;
    }
    boolean swapped = orientation >= 5;
    boolean fromRight =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    boolean fromBottom =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int width = swapped ? image.height() : image.width();
    int height = swapped ? image.width() : image.height();
    byte[] source = image.samples();
    byte[] turned = RgbImage.newSamples(width, height);
    int t = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int column = swapped ? y : x;
        int row = swapped ? x : y;
        column = fromRight ? image.width() - 1 - column : column;
        row = fromBottom ? image.height() - 1 - row : row;
        int s = (row * image.width() + column) * RgbImage.CHANNELS;
        turned[t++] = source[s];
        turned[t++] = source[s + 1];
        turned[t++] = source[s + 2];
      }
    }
    return RgbImage.wrap(width, height, turned);
  }
}
