package io.github.blip2j.qformer.objective;

import java.util.Locale;

/** The negatives of a batch: an image for each text, and a text for each image. */
public final class Negatives {
  private final int[] imageForText;
  private final int[] textForImage;

  private Negatives(int[] imageForText, int[] textForImage) {
    this.imageForText = imageForText;
    this.textForImage = textForImage;
  }

  /** Negatives by index among all pairs; entry b belongs to own pair b. */
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

  /** For each text the index of an image that it does not describe. */
  public int[] imageForText() {
    return imageForText.clone();
  }

  /** For each image the index of a text that does not describe it. */
  public int[] textForImage() {
    return textForImage.clone();
  }
}
