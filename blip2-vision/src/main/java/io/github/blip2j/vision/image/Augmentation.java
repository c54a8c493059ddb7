package io.github.blip2j.vision.image;

import java.util.random.RandomGenerator;

/**
 * The random augmentation of training images: LAVIS's {@code blip2_image_train}. A crop of random
 * size and aspect ratio is resized bicubically to the target size, and mirrored with a probability.
 *
 * <p>Crops have the distribution of {@code torchvision.transforms.RandomResizedCrop}, with another
 * random source.
 *
 * @param leastArea minimum area of a crop as a share of the image's; the maximum is 1
 * @param mirrored the probability of mirroring
 */
public record Augmentation(double leastArea, double mirrored) {
  private static final double FLATTEST = 4.0 / 3; // width by height; its inverse is the narrowest
  private static final int TRIES = 10;

  /** Checks the shares. */
  public Augmentation {
    if (!(leastArea > 0 && leastArea <= 1)) {
      throw new IllegalArgumentException(
          "augmentation: leastArea expected in (0, 1], got " + leastArea);
    }
    if (!(mirrored >= 0 && mirrored <= 1)) {
      throw new IllegalArgumentException(
          "augmentation: mirrored expected in [0, 1], got " + mirrored);
    }
  }

  /** LAVIS's settings: crops of at least half of the image, mirrored with probability 0.5. */
  public static Augmentation blip2() {
    return new Augmentation(0.5, 0.5);
  }

  /** A random crop of the image, resized to {@code size}. */
  public Image apply(Image image, ImageSize size, RandomGenerator random) {
    Image part = part(image, random).resize(size.width(), size.height(), Resampling.BICUBIC);
    return random.nextDouble() < mirrored ? part.mirrored() : part;
  }

  private Image part(Image image, RandomGenerator random) {
    double all = (double) image.width() * image.height();
    for (int i = 0; i < TRIES; i++) {
      double area = all * (leastArea + (1 - leastArea) * random.nextDouble());
      double shape = Math.exp(Math.log(FLATTEST) * (2 * random.nextDouble() - 1));
      int width = (int) Math.rint(Math.sqrt(area * shape)); // Python rounds halves to even
      int height = (int) Math.rint(Math.sqrt(area / shape));
      if (width > 0 && width <= image.width() && height > 0 && height <= image.height()) {
        int top = random.nextInt(image.height() - height + 1);
        int left = random.nextInt(image.width() - width + 1);
        return image.crop(left, top, width, height);
      }
    }
    return middle(image);
  }

  /** The largest allowed crop from the centre, for images whose shape rejects random tries. */
  private static Image middle(Image image) {
    double shape = (double) image.width() / image.height();
    int width = image.width();
    int height = image.height();
    if (shape < 1 / FLATTEST) {
      height = (int) Math.rint(width * FLATTEST);
    } else if (shape > FLATTEST) {
      width = (int) Math.rint(height * FLATTEST);
    }
    int left = (image.width() - width) / 2;
    int top = (image.height() - height) / 2;
    return image.crop(left, top, width, height);
  }
}
