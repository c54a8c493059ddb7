package io.github.blip2j.qformer.objective;

import java.util.Locale;

/** Pairs that do not match but could: for each text of a batch an image, for each image a text. */
public final class Negatives {
  private final int[] imageForText;
  private final int[] textForImage;

  private Negatives(int[] imageForText, int[] textForImage) {
    this.imageForText = imageForText;
    this.textForImage = textForImage;
  }

  /** By place among all pairs; entry b is for own pair b. */
  public static Negatives of(int[] imageForText, int[] textForImage) {
    if (imageForText.length != textForImage.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "matching: as many negative images as texts expected, got %d and %d",
              imageForText.length,
              textForImage.length));
    }
    return new Negatives(imageForText.clone(), textForImage.clone());
  }

  /** An image that text b does not describe. */
  public int[] imageForText() {
    return imageForText.clone();
  }

  /** A text that does not describe image b. */
  public int[] textForImage() {
    return textForImage.clone();
  }
}
