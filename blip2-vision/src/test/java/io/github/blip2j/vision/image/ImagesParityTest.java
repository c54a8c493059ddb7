package io.github.blip2j.vision.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Decoding and resizing against Pillow, to the last bit, and pixel values against Hugging Face. */
final class ImagesParityTest {
  private static final double TOLERANCE = 1e-6;
  private static final Pattern RESIZED = Pattern.compile("([a-z]+)(\\d+)");

  static List<Path> imageFolders() {
    return Fixtures.folders("images", folder -> kind(folder).equals("images"));
  }

  /** Folders of models that state the pixel values of their images. */
  static List<Path> modelFolders() {
    return Fixtures.folders("models with pixel values", ImagesParityTest::statesPixelValues);
  }

  private static boolean statesPixelValues(Path folder) {
    if (!Files.exists(folder.resolve("preprocessor_config.json"))
        || !Files.exists(folder.resolve("expected.safetensors"))
        || !Files.isDirectory(folder.resolve("images"))) { // pixels of no picture
      return false;
    }
    try (var golden = Golden.open(folder)) {
      return golden.has("pixel_values");
    }
  }

  @ParameterizedTest
  @MethodSource("imageFolders")
  void decodeAndResize_everyFile_equalPillow(Path folder) throws IOException {
    List<String> compared = new ArrayList<>();

    try (var scope = Scope.open();
        var golden = Golden.open(folder)) {
      for (String file : expectations(folder).child("files").keys()) {
        Image image = new ImageDecoder().decode(folder.resolve(file));
        for (String name : golden.names()) {
          if (name.startsWith(file + ".")) {
            Image ours = variant(image, name.substring(file.length() + 1));
            assertSame(folder.getFileName() + "/" + name, golden.get(name), ours);
            compared.add(name);
          }
        }
      }
      assertEquals(golden.names(), new TreeSet<>(compared));
    }
  }

  /** The picture as {@code rgb}, as it is, or as in {@code bicubic48}, resized to a square. */
  private static Image variant(Image image, String name) {
    if (name.equals("rgb")) {
      return image;
    }
    Matcher resized = RESIZED.matcher(name);
    assertEquals(true, resized.matches(), name);
    int size = Integer.parseInt(resized.group(2));
    var resampling = Resampling.valueOf(resized.group(1).toUpperCase(Locale.ROOT));
    return image.resize(size, size, resampling);
  }

  private static void assertSame(String what, Tensor golden, Image ours) {
    assertEquals(Shape.of(ours.height(), ours.width(), Image.CHANNELS), golden.shape(), what);
    float[] expected = golden.toFloats();
    for (int i = 0; i < expected.length; i++) {
      if (expected[i] != (ours.samples()[i] & 0xFF)) {
        assertEquals(expected[i], ours.samples()[i] & 0xFF, what + " sample " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modelFolders")
  void pixels_everyImage_equalHuggingFace(Path folder) throws IOException {
    ImageProcessor processor = ImageProcessor.load(folder);
    List<Image> images = new ArrayList<>();
    for (Path file : Fixtures.images(folder)) {
      images.add(processor.read(file));
    }
    assertFalse(images.isEmpty());

    try (var scope = Scope.open();
        var golden = Golden.open(folder)) {
      golden.assertClose("pixel_values", processor.tensor(images), TOLERANCE);
      if (largeOnesAreOfTheImages(golden)) {
        int large = Math.toIntExact(golden.get("pixel_values_large").dim(2));
        ImageProcessor larger = processor.withSize(large, large);
        golden.assertClose("pixel_values_large", larger.tensor(images), TOLERANCE);
      }
    }
  }

  /** Some folders have random numbers instead, which only the vision encoder reads. */
  private static boolean largeOnesAreOfTheImages(Golden golden) {
    return golden.has("pixel_values_large")
        && golden.get("pixel_values_large").dim(0) == golden.get("pixel_values").dim(0);
  }

  private static String kind(Path folder) {
    try {
      return expectations(folder).stringAt("kind", "");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ConfigJson expectations(Path folder) throws IOException {
    return ConfigJson.read(folder.resolve("expected.json"));
  }
}
