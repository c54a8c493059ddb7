package io.github.blip2j.vision.image;

import io.github.blip2j.vision.image.codec.ImageHeader;

/** Rotates an image upright by the orientation in its EXIF data (CIPA DC-008, tag 0x0112). */
final class ExifOrientation {

  private ExifOrientation() {}

  /** The image, rotated and mirrored so that it is upright. */
  static Image apply(int orientation, Image image) {
    if (orientation == ImageHeader.UPRIGHT) {
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
    byte[] turned = Image.newSamples(width, height);
    int t = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int column = swapped ? y : x;
        int row = swapped ? x : y;
        column = fromRight ? image.width() - 1 - column : column;
        row = fromBottom ? image.height() - 1 - row : row;
        int s = (row * image.width() + column) * Image.CHANNELS;
        turned[t++] = source[s];
        turned[t++] = source[s + 1];
        turned[t++] = source[s + 2];
      }
    }
    return Image.wrap(width, height, turned);
  }
}
