package io.github.blip2j.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers marked so are those of scikit-image 0.26, SciPy 1.17 and Matplotlib 3.11. */
@ExtendWith(InScope.class)
final class HeatMapTest {
  private static final int WIDTH = 50;
  private static final int HEIGHT = 20;

  private static HeatMap map() {
    return HeatMap.of(Tensor.of(new double[] {0.1, 0.9, 0.3, 0.2, 0.4, 0.8}, 2, 3));
  }

  private static Image picture() {
    byte[] samples = new byte[WIDTH * HEIGHT * 3];
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
      int x = i % WIDTH;
      int y = i / WIDTH;
      samples[3 * i] = (byte) (x * 5);
      samples[3 * i + 1] = (byte) (y * 12);
      samples[3 * i + 2] = (byte) ((x + y) * 3);
    }
    return Image.of(WIDTH, HEIGHT, samples);
  }

  @ParameterizedTest
  @CsvSource({ // of the references
    "0, 0, 0.0, 0x000000",
    "16, 3, 0.5087902347722931, 0x70AC5D",
    "25, 4, 0.966050002661195, 0xA30102",
    "49, 19, 0.38365715684769763, 0x86F2D3",
    "10, 15, 0.1332816184124918, 0x268A77",
    "30, 10, 0.8838155230212882, 0xF61E0A",
    "44, 12, 0.725915271917169, 0xF8A822"
  })
  void over_picture_equalsTheReference(int x, int y, double value, int rgb) {
    assertEquals(value, map().stretched(WIDTH, HEIGHT).at(x, y), 1e-6);
    assertEquals(rgb, map().over(picture()).rgb(x, y));
  }

  @Test
  void over_peak_staysAtItsPlace() {
    double[] patches = new double[8 * 8];
    patches[2 * 8 + 5] = 1;

    Plane plane = HeatMap.of(Tensor.of(patches, 8, 8)).stretched(160, 80);

    // The middle of patch (5, 2), whose sides are 20 and 10 pixels: between two pixels each.
    for (int x = 109; x <= 110; x++) {
      for (int y = 24; y <= 25; y++) {
        assertEquals(1, plane.at(x, y), 1e-9);
      }
    }
    assertTrue(plane.at(20, 70) < 0.01);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.3, -2})
  void over_constantMap_isThePicture(double value) {
    double[] patches = {value, value, value, value};

    Image drawn = HeatMap.of(Tensor.of(patches, 2, 2)).over(picture());

    assertArrayEquals(picture().toByteArray(), drawn.toByteArray());
  }

  @Test
  void over_onePatchAndOnePixel_isThePicture() {
    Image pixel = Image.of(1, 1, new byte[] {1, 2, 3});

    Image drawn = HeatMap.of(Tensor.of(new double[] {4}, 1, 1)).over(pixel);

    assertArrayEquals(new byte[] {1, 2, 3}, drawn.toByteArray());
  }

  @Test
  void of_scaledAndShifted_isTheSameMap() {
    double[] values = {1, 9, 3, 2, 4, 8};
    HeatMap other = HeatMap.of(Tensor.of(values, 2, 3).mul(-0.25).mul(-8).add(100));

    assertArrayEquals(map().over(picture()).toByteArray(), other.over(picture()).toByteArray());
  }

  @Test
  void of_notANumber_isRefused() {
    Tensor patches = Tensor.of(new double[] {1, Double.NaN}, 1, 2);

    var e = assertThrows(IllegalArgumentException.class, () -> HeatMap.of(patches));

    assertEquals("heat map: patches expected finite, got NaN", e.getMessage());
  }

  @Test
  void of_noPatches_isRefused() {
    Tensor patches = Tensor.of(new double[0], 0, 3);

    var e = assertThrows(IllegalArgumentException.class, () -> HeatMap.of(patches));

    assertEquals("heat map: patches expected at least one, got [0, 3]", e.getMessage());
  }

  @Test
  void of_flatPatches_areRefused() {
    Tensor patches = Tensor.of(new double[4], 4);

    var e = assertThrows(ShapeMismatchException.class, () -> HeatMap.of(patches));

    assertEquals("heat map: patches expected [?, ?], got [4]", e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({ // of the reference
    "0, 0, 0, 0.5",
    "0.1, 0, 0, 0.945632798573975",
    "0.25, 0, 0.503921568627451, 1",
    "0.5, 0.4901960784313725, 1, 0.4775458570524984",
    "0.7, 1, 0.7705156136528688, 0",
    "0.9, 0.9456327985739753, 0.029774872912127992, 0",
    "1, 0.5, 0, 0"
  })
  void jet_equalsMatplotlib(double value, double red, double green, double blue) {
    assertEquals(red, Jet.red(value), 1e-9);
    assertEquals(green, Jet.green(value), 1e-9);
    assertEquals(blue, Jet.blue(value), 1e-9);
  }

  @Test
  void spline_equalsScikitImage() {
    assertArrayEquals(
        new double[] {
          1.1026672835543323, 0.6235381495673176, -0.9820878197531269, -2.0419904067726664,
          -1.4103403639759378, 0.2648105009062241, 2.037494070557943, 3.015896262213238,
          2.4262358386775245
        },
        CubicSpline.resize(new double[] {1, -2, 0.5, 3}, 9),
        1e-6);
  }

  @Test
  void blur_equalsSciPy() {
    assertArrayEquals(
        new double[] {
          0.7287501419326697,
          0.33874377404915423,
          0.9802960384487535,
          2.497351586120222,
          2.454858459449202
        },
        new GaussianBlur(0.8).blur(new double[] {1, 0, 0, 4, 2}),
        1e-12);
    // Reaching over both ends twice.
    assertArrayEquals(
        new double[] {1.0469202443199699, 1.3237372091084814, 1.6293425465715488},
        new GaussianBlur(1.5).blur(new double[] {1, 0, 3}),
        1e-12);
  }

  @Test
  void writePng_readAgain_isTheSame(@TempDir Path folder) throws IOException {
    Image drawn = map().over(picture());
    Path file = folder.resolve("map.png");

    drawn.writePng(file);

    assertArrayEquals(drawn.toByteArray(), new ImageDecoder().decode(file).toByteArray());
  }
}
