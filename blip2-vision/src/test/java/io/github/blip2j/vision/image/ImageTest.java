package io.github.blip2j.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.awt.Point;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BandedSampleModel;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DirectColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ImageTest {
  private static final int ORANGE = 0xFF8810;

  @ParameterizedTest
  @ValueSource(
      ints = {
        BufferedImage.TYPE_INT_RGB,
        BufferedImage.TYPE_INT_ARGB,
        BufferedImage.TYPE_INT_ARGB_PRE,
        BufferedImage.TYPE_INT_BGR,
        BufferedImage.TYPE_3BYTE_BGR,
        BufferedImage.TYPE_4BYTE_ABGR,
        BufferedImage.TYPE_4BYTE_ABGR_PRE
      })
  void of_typesOfEightBits_keepsColors(int type) {
    var image = new BufferedImage(3, 2, type);
    image.setRGB(2, 1, 0xFF000000 | ORANGE);

    Image ours = Image.of(image);

    assertEquals(ORANGE, ours.rgb(2, 1));
    assertEquals(0, ours.rgb(1, 1));
  }

  @Test
  void of_translucentPixel_dropsAlphaWithoutBlending() {
    var image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x10000000 | ORANGE);

    assertEquals(ORANGE, Image.of(image).rgb(0, 0));
  }

  @Test
  void of_premultipliedAlpha_isDividedOut() {
    var image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB_PRE);
    image.getRaster().setPixel(0, 0, new int[] {100, 50, 0, 128});
    image.getRaster().setPixel(1, 0, new int[] {0, 0, 0, 0});

    Image ours = Image.of(image);

    assertEquals(199 << 16 | 100 << 8, ours.rgb(0, 0));
    assertEquals(0, ours.rgb(1, 0));
  }

  @Test
  void of_gray_copiesLevelsWithoutGamma() {
    var image = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setSample(0, 0, 0, 100);

    assertEquals(0x646464, Image.of(image).rgb(0, 0));
  }

  @Test
  void of_sixteenBitGray_keepsUpperByte() {
    var image = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
    image.getRaster().setSample(0, 0, 0, 0x64FF);

    assertEquals(0x646464, Image.of(image).rgb(0, 0));
  }

  @Test
  void of_packedFiveAndSixBits_stretchesToEight() {
    var image = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_565_RGB);
    image.getRaster().setPixel(0, 0, new int[] {31, 32, 1});

    assertEquals(255 << 16 | 129 << 8 | 8, Image.of(image).rgb(0, 0));
  }

  @Test
  void of_masksOfAnyWidth_scalesEachBand() {
    var model = new DirectColorModel(32, 0x3FFFFFFF, 0, 0xC0000000);
    var image = new BufferedImage(model, model.createCompatibleWritableRaster(2, 1), false, null);
    image.getRaster().setDataElements(1, 0, new int[] {0xBFFFFFFF});

    Image ours = Image.of(image);

    assertEquals(0, ours.rgb(0, 0));
    assertEquals(0xFF00AA, ours.rgb(1, 0));
  }

  @Test
  void of_maskWithoutBits_isBlack() {
    var model = new DirectColorModel(16, 0xFF00, 0, 0xFF);
    var image = new BufferedImage(model, model.createCompatibleWritableRaster(1, 1), false, null);
    image.getRaster().setDataElements(0, 0, new short[] {0x1234});

    assertEquals(0x120034, Image.of(image).rgb(0, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {BufferedImage.TYPE_BYTE_BINARY, BufferedImage.TYPE_BYTE_INDEXED})
  void of_palette_looksColorsUp(int type) {
    var image = new BufferedImage(9, 1, type);
    image.setRGB(8, 0, 0xFFFFFFFF);

    Image ours = Image.of(image);

    assertEquals(0xFFFFFF, ours.rgb(8, 0));
    assertEquals(0, ours.rgb(7, 0));
  }

  @Test
  void of_subimage_readsItsOwnPart() {
    var image = new BufferedImage(8, 8, BufferedImage.TYPE_3BYTE_BGR);
    image.setRGB(5, 6, ORANGE);

    Image ours = Image.of(image.getSubimage(4, 4, 3, 3));

    assertEquals("3x3 RGB", ours.toString());
    assertEquals(ORANGE, ours.rgb(1, 2));
  }

  @Test
  void of_floatingPointGray_scalesAndClips() {
    Image ours = Image.of(floats(ColorSpace.CS_GRAY, new float[] {0.5f}, new float[] {1.5f}));

    assertEquals(0x808080, ours.rgb(0, 0));
    assertEquals(0xFFFFFF, ours.rgb(1, 0));
  }

  @Test
  void of_otherColorSpace_isConverted() {
    // In CIE XYZ relative to D50, this is white.
    float[] white = {0.9642f, 1, 0.8249f};

    Image ours = Image.of(floats(ColorSpace.CS_CIEXYZ, white, new float[3]));

    assertEquals(0xFF, ours.rgb(0, 0) >> 16, 2);
    assertEquals(0, ours.rgb(1, 0));
  }

  /** A picture of two pixels with floating-point bands. */
  private static BufferedImage floats(int space, float[] first, float[] second) {
    ColorModel colors =
        new ComponentColorModel(
            ColorSpace.getInstance(space),
            false,
            false,
            Transparency.OPAQUE,
            DataBuffer.TYPE_FLOAT);
    var model = new BandedSampleModel(DataBuffer.TYPE_FLOAT, 2, 1, first.length);
    WritableRaster raster = Raster.createWritableRaster(model, new Point());
    raster.setPixel(0, 0, first);
    raster.setPixel(1, 0, second);
    return new BufferedImage(colors, raster, false, null);
  }

  @Test
  void toBufferedImage_roundTrip_isTheSame() {
    Image image = Image.of(2, 2, new byte[] {1, 2, 3, 4, 5, 6, -1, -2, -3, 127, -128, 0});

    Image back = Image.of(image.toBufferedImage());

    assertArrayEquals(image.toByteArray(), back.toByteArray());
  }

  @Test
  void of_samplesArray_isCopied() {
    byte[] samples = {1, 2, 3};
    Image image = Image.of(1, 1, samples);

    samples[0] = 99;
    image.toByteArray()[1] = 99;

    assertEquals(0x010203, image.rgb(0, 0));
  }

  @Test
  void crop_reachingOutside_isBlackThere() {
    Image image = Image.of(2, 1, new byte[] {1, 2, 3, 4, 5, 6});

    Image cropped = image.crop(-1, -1, 3, 3);

    byte[] expected = new byte[27];
    System.arraycopy(image.toByteArray(), 0, expected, 12, 6);
    assertArrayEquals(expected, cropped.toByteArray());
  }

  @Test
  void of_wrongNumberOfSamples_saysBoth() {
    var e = assertThrows(IllegalArgumentException.class, () -> Image.of(2, 3, new byte[17]));

    assertEquals("image: samples expected 18 for 2x3, got 17", e.getMessage());
  }

  @Test
  void of_noWidth_saysWhatIsAllowed() {
    var e = assertThrows(IllegalArgumentException.class, () -> Image.of(0, 3, new byte[0]));

    assertEquals(
        "image: width and height expected 1 or more and at most 715827879 pixels together, got 0x3",
        e.getMessage());
  }

  @Test
  void rgb_outside_saysWhere() {
    Image image = Image.of(1, 1, new byte[3]);

    var e = assertThrows(IndexOutOfBoundsException.class, () -> image.rgb(1, 0));

    assertEquals("image: pixel expected within 1x1, got (1, 0)", e.getMessage());
  }
}
