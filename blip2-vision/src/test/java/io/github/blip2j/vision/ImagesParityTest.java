package io.github.blip2j.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Decoding and resizing against Pillow, to the last bit, and pixel values against Hugging Face. */
final class ImagesParityTest {
  private static final Pattern RESIZED = Pattern.compile("([a-z]+)(\\d+)");

  static List<Path> imageFolders() throws IOException {
    return ImageFixtures.imageFolders();
  }

  static List<Path> modelFolders() throws IOException {
    return ImageFixtures.modelFolders();
  }

  @ParameterizedTest
  @MethodSource("imageFolders")
  void decodeAndResize_everyFile_equalPillow(Path folder) throws IOException {
    var golden = GoldenTensors.read(folder.resolve("expected.safetensors"));
    List<String> compared = new ArrayList<>();

    for (String file : ImageFixtures.expectations(folder).getAsJsonObject("files").keySet()) {
      RgbImage image = new ImageDecoder().decode(folder.resolve(file));
      for (String name : golden.names()) {
        if (name.startsWith(file + ".")) {
          RgbImage ours = variant(image, name.substring(file.length() + 1));
          assertSame(folder.getFileName() + "/" + name, golden, name, ours);
          compared.add(name);
        }
      }
    }

    assertEquals(golden.names(), new TreeSet<>(compared));
  }

  /** The picture as {@code rgb}, as it is, or as in {@code bicubic48}, resized to a square. */
  private static RgbImage variant(RgbImage image, String name) {
    if (name.equals("rgb")) {
      return image;
    }
    Matcher resized = RESIZED.matcher(name);
    assertEquals(true, resized.matches(), name);
    int size = Integer.parseInt(resized.group(2));
    var resampling = Resampling.valueOf(resized.group(1).toUpperCase(Locale.ROOT));
    return image.resize(size, size, resampling);
  }

  private static void assertSame(String what, GoldenTensors golden, String name, RgbImage ours) {
    assertEquals(golden.size(name, 0), ours.height(), what);
    assertEquals(golden.size(name, 1), ours.width(), what);
    byte[] expected = golden.bytes(name);
    for (int i = 0; i < expected.length; i++) {
      if (expected[i] != ours.samples()[i]) {
        assertEquals(expected[i] & 0xFF, ours.samples()[i] & 0xFF, what + " sample " + i);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modelFolders")
  void pixels_everyImage_equalHuggingFace(Path folder) throws IOException {
    var golden = GoldenTensors.read(folder.resolve("expected.safetensors"));
    ImageProcessor processor = ImageProcessor.load(folder);
    List<Path> files;
    try (Stream<Path> images = Files.list(folder.resolve("images"))) {
      files = images.sorted().toList();
    }
    assertEquals(golden.size("pixel_values", 0), files.size());

    assertPixels(folder, golden, "pixel_values", processor, files);
    if (golden.names().contains("pixel_values_large")) {
      int large = golden.size("pixel_values_large", 2);
      assertPixels(folder, golden, "pixel_values_large", processor.withSize(large, large), files);
    }
  }

  private static void assertPixels(
      Path folder, GoldenTensors golden, String name, ImageProcessor processor, List<Path> files)
      throws IOException {
    float[] expected = golden.floats(name);
    int at = 0;
    for (Path file : files) {
      for (float value : processor.pixels(processor.read(file))) {
        assertEquals(expected[at], value, 1e-6f, folder + " " + name + "[" + at + "]");
        at++;
      }
    }
    assertEquals(expected.length, at);
    assertFalse(files.isEmpty());
  }
}
