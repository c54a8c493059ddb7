package io.github.blip2j.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class ResamplerTest {
  private static Image noise(int width, int height) {
    byte[] samples = Image.newSamples(width, height);
    new Random(5).nextBytes(samples);
    return Image.wrap(width, height, samples);
  }

  /** Two full passes with a picture between them, as the description of Pillow has it. */
  private static Image inTwoPasses(Image image, int width, int height, Resampling by) {
    var across = new ResamplingWeights(image.width(), width, by);
    var down = new ResamplingWeights(image.height(), height, by);
    byte[] between = Image.newSamples(width, image.height());
    for (int i = 0; i < between.length; i++) {
      int x = i / 3 % width;
      int row = i / 3 / width * image.width();
      int sum = ResamplingWeights.HALF;
      for (int k = 0; k < across.length(x); k++) {
        int at = (row + across.first(x) + k) * 3 + i % 3;
        sum += across.weight(x, k) * (image.samples()[at] & 0xFF);
      }
      between[i] = (byte) ResamplingWeights.level(sum);
    }
    byte[] result = Image.newSamples(width, height);
    for (int i = 0; i < result.length; i++) {
      int y = i / 3 / width;
      int sum = ResamplingWeights.HALF;
      for (int k = 0; k < down.length(y); k++) {
        int at = (down.first(y) + k) * width * 3 + i % (width * 3);
        sum += down.weight(y, k) * (between[at] & 0xFF);
      }
      result[i] = (byte) ResamplingWeights.level(sum);
    }
    return Image.wrap(width, height, result);
  }

  @ParameterizedTest
  @EnumSource(Resampling.class)
  void resize_moreThanHundredTimesAsTall_shrinksTheHeightFirst(Resampling by) {
    Image tall = noise(3, 301);

    for (int height : new int[] {1, 24, 300}) {
      Image downFirst = tall.resize(3, height, by).resize(20, height, by);
      assertArrayEquals(downFirst.samples(), tall.resize(20, height, by).samples());
    }
  }

  @ParameterizedTest
  @CsvSource({"3,300,20,24", "3,301,20,302", "301,3,24,20", "3,301,20,301", "3,301,3,24"})
  void resize_notSoTallOrNotShrinking_keepsTheOrder(int w, int h, int newW, int newH) {
    Image image = noise(w, h);
    Image acrossFirst =
        image.resize(newW, h, Resampling.BICUBIC).resize(newW, newH, Resampling.BICUBIC);

    Image ours = image.resize(newW, newH, Resampling.BICUBIC);

    assertArrayEquals(acrossFirst.samples(), ours.samples());
  }

  @Test
  void resize_veryTall_orderShows() {
    Image tall = noise(3, 301);
    Image acrossFirst = tall.resize(20, 301, Resampling.BICUBIC).resize(20, 24, Resampling.BICUBIC);

    assertFalse(
        Arrays.equals(acrossFirst.samples(), tall.resize(20, 24, Resampling.BICUBIC).samples()));
  }

  @ParameterizedTest
  @CsvSource({"31,23,7,5", "7,5,31,23", "40,9,11,30", "9,40,9,13", "12,8,5,8", "1,1,6,4"})
  void resize_shrinkingAndGrowing_equalsTwoPasses(int w, int h, int newW, int newH) {
    Image image = noise(w, h);

    Image ours = image.resize(newW, newH, Resampling.BICUBIC);

    assertArrayEquals(inTwoPasses(image, newW, newH, Resampling.BICUBIC).samples(), ours.samples());
  }

  @ParameterizedTest
  @EnumSource(Resampling.class)
  void resize_plainColor_staysPlain(Resampling resampling) {
    Image white = Image.wrap(13, 17, filled(13 * 17 * 3, -1));

    Image ours = white.resize(29, 5, resampling);

    assertArrayEquals(filled(29 * 5 * 3, -1), ours.samples());
  }

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Test
  void resize_sameSize_isTheSamePicture() {
    Image image = noise(4, 3);

    assertSame(image, image.resize(4, 3, Resampling.BICUBIC));
  }

  @ParameterizedTest
  @CsvSource({"20000, 50", "50, 20000", "1, 300000", "300000, 1"})
  void resize_extremeProportions_keepsEnds(int width, int height) {
    byte[] samples = Image.newSamples(width, height);
    for (int i = samples.length / 2; i < samples.length; i++) {
      samples[i] = (byte) 200;
    }

    Image ours = Image.wrap(width, height, samples).resize(24, 24, Resampling.BICUBIC);

    boolean wide = height == 1;
    assertEquals(0, ours.rgb(wide ? 2 : 12, wide ? 12 : 2));
    assertEquals(200, ours.rgb(wide ? 21 : 12, wide ? 12 : 21) & 0xFF, 1);
  }

  @Test
  void resize_sideBeyondAllMemory_isRefused() {
    Image image = Image.wrap(40_000_000, 1, new byte[0]);

    var e =
        assertThrows(
            UnresizableImageException.class, () -> image.resize(224, 1, Resampling.BICUBIC));

    assertEquals(
        "resize: side of 40000000 pixels expected to need at most 67108864 weights, got 160000288"
            + " for 224 pixels",
        e.getMessage());
  }
}
