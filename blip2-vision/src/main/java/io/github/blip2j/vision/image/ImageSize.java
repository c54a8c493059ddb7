package io.github.blip2j.vision.image;

import java.util.Locale;

/** Height and width of an image in pixels, both positive. */
public record ImageSize(int height, int width) {
  private static final int MAX_SIDE = 1 << 14;

  /** Checks that both are positive and that an image of this size fits an array. */
  public ImageSize {
    if (height <= 0 || width <= 0 || height > MAX_SIDE || width > MAX_SIDE) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "image size: height and width expected 1 to %d, got %dx%d",
              MAX_SIDE,
              height,
              width));
    }
  }

  /** A square size. */
  public static ImageSize square(int side) {
    return new ImageSize(side, side);
  }
}
