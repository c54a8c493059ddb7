package io.github.blip2j.vision.image.tiff;

import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The orientation of the stored image, 1 (upright) to 8, as in EXIF: from the TIFF entry, or else
 * from the XMP data.
 */
record Orientation(int number) {
  private static final int LAST = 8;
  private static final int FIRST_ON_ITS_SIDE = 5;
  private static final Pattern XMP = Pattern.compile("tiff:Orientation(=\"|>)([0-9])");

  static Orientation of(Directory directory) {
    long number = ImageHeader.UPRIGHT;
    if (directory.has(Tags.ORIENTATION)) {
      number = directory.numberIfAny(Tags.ORIENTATION, ImageHeader.UPRIGHT);
    } else {
      byte[] xmp = directory.bytes(Tags.XMP);
      if (xmp != null) {
        Matcher matcher = XMP.matcher(new String(xmp, StandardCharsets.ISO_8859_1));
        number = matcher.find() ? Integer.parseInt(matcher.group(2)) : number;
      }
    }
    return new Orientation(number >= 1 && number <= LAST ? (int) number : ImageHeader.UPRIGHT);
  }

  /** Whether width and height are exchanged. */
  boolean swapsSides() {
    return number >= FIRST_ON_ITS_SIDE;
  }

  /** The stored image of this size, rotated and mirrored so that it is upright. */
  byte[] upright(byte[] stored, int width, int height) throws IOException {
    if (number == ImageHeader.UPRIGHT) {
      return stored;
    }
    boolean fromRight = number == 2 || number == 3 || number == 7 || number == 8;
    boolean fromBottom = number == 3 || number == 4 || number == 6 || number == 7;
    byte[] turned = ImageHeader.upright(width, height).newSamples();
    int outerSize = swapsSides() ? width : height;
    int innerSize = swapsSides() ? height : width;
    int t = 0;
    for (int outer = 0; outer < outerSize; outer++) {
      for (int inner = 0; inner < innerSize; inner++) {
        int x = swapsSides() ? outer : inner;
        int y = swapsSides() ? inner : outer;
        x = fromRight ? width - 1 - x : x;
        y = fromBottom ? height - 1 - y : y;
        int s = (y * width + x) * ImageHeader.CHANNELS;
        turned[t++] = stored[s];
        turned[t++] = stored[s + 1];
        turned[t++] = stored[s + 2];
      }
    }
    return turned;
  }
}
