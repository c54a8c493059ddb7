package io.github.blip2j.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class AugmentationTest {
  private static final ImageSize SIZE = new ImageSize(12, 10);

  @Test
  void apply_sameRandomSource_givesTheSamePicture() {
    Image image = gradient(64, 48);

    Image first = Augmentation.blip2().apply(image, SIZE, new SplittableRandom(3));
    Image second = Augmentation.blip2().apply(image, SIZE, new SplittableRandom(3));

    assertEquals("10x12 RGB", first.toString());
    assertArrayEquals(first.toByteArray(), second.toByteArray());
  }

  @Test
  void apply_manyTimes_cutsHalfToAllAndMirrorsHalf() {
    Image image = gradient(200, 200); // red tells the column, green the row
    SplittableRandom random = new SplittableRandom(1);
    int mirrored = 0;
    double least = 1;
    double most = 0;
    double sum = 0;
    for (int i = 0; i < 400; i++) {
      Image part = Augmentation.blip2().apply(image, ImageSize.square(100), random);
      int left = part.rgb(0, 50) >> 16;
      int right = part.rgb(99, 50) >> 16;
      mirrored += left > right ? 1 : 0;
      double width = Math.abs(right - left) / 199.0;
      double height = ((part.rgb(50, 99) >> 8 & 0xFF) - (part.rgb(50, 0) >> 8 & 0xFF)) / 199.0;
      least = Math.min(least, width * height);
      most = Math.max(most, width * height);
      sum += width * height;
      double shape = width / height;
      assertTrue(shape > 0.70 && shape < 1.42, "shape of " + shape);
    }

    assertTrue(mirrored > 160 && mirrored < 240, "mirrored " + mirrored + " of 400");
    assertTrue(least > 0.46 && least < 0.56, "least " + least);
    assertTrue(most > 0.9, "most " + most);
    assertTrue(sum / 400 > 0.66 && sum / 400 < 0.76, "mean " + sum / 400);
  }

  @Test
  void apply_longPicture_takesItsMiddle() {
    Image strip = gradient(200, 3);
    Augmentation still = new Augmentation(1, 0);

    Image part = still.apply(strip, new ImageSize(3, 4), new SplittableRandom(1));

    assertArrayEquals(strip.crop(98, 0, 4, 3).toByteArray(), part.toByteArray());
  }

  @Test
  void apply_tallPicture_takesItsMiddle() {
    Image strip = gradient(3, 200);
    Augmentation still = new Augmentation(1, 0);

    Image part = still.apply(strip, new ImageSize(4, 3), new SplittableRandom(1));

    assertArrayEquals(strip.crop(0, 98, 3, 4).toByteArray(), part.toByteArray());
  }

  @Test
  void mirrored_pictureOfOddWidth_exchangesLeftAndRight() {
    Image image = Image.of(3, 1, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9});

    assertArrayEquals(new byte[] {7, 8, 9, 4, 5, 6, 1, 2, 3}, image.mirrored().toByteArray());
  }

  @Test
  void shares_outsideOfTheirRange_areRefused() {
    assertEquals(
        "augmentation: leastArea expected in (0, 1], got 0.0",
        assertThrows(IllegalArgumentException.class, () -> new Augmentation(0, 0)).getMessage());
    assertEquals(
        "augmentation: mirrored expected in [0, 1], got 1.5",
        assertThrows(IllegalArgumentException.class, () -> new Augmentation(1, 1.5)).getMessage());
  }

  private static Image gradient(int width, int height) {
    byte[] samples = new byte[width * height * 3];
    for (int i = 0; i < width * height; i++) {
      samples[3 * i] = (byte) (i % width);
      samples[3 * i + 1] = (byte) (i / width);
    }
    return Image.of(width, height, samples);
  }
}
