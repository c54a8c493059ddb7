package io.github.blip2j.vision.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.golden.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Damaged files either decode or are refused in words; nothing else may happen. */
final class ImageDecoderFuzzTest {
  private static final List<String> FOLDERS =
      List.of(
          "images",
          "image-modes",
          "image-rules",
          "image-refusals",
          "image-field",
          "tiff",
          "webp",
          "jpeg");
  private static final int ROUNDS = 100;
  private static final int MOST_PIXELS = 1_000_000;
  private static final String REFUSAL = "(?s)x: image expected .*, got .*; .*";

  private final ImageDecoder decoder =
      new ImageDecoder().withMaxPixels(MOST_PIXELS).withExifRotation(true);

  static List<Path> files() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String folder : FOLDERS) {
      try (Stream<Path> all = Files.list(Fixtures.own(folder))) {
        files.addAll(
            all.filter(file -> file.toString().matches(".*\\.(jpg|png|gif|bmp|tif|webp)"))
                .sorted()
                .toList());
      }
    }
    return files;
  }

  @ParameterizedTest
  @MethodSource("files")
  void decode_damagedFile_isReadOrRefused(Path path) throws IOException {
    byte[] file = Files.readAllBytes(path);
    var random = new Random(path.getFileName().toString().hashCode());

    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          for (int round = 0; round < ROUNDS; round++) {
            decode(damage(file, random));
          }
        });
  }

  private void decode(byte[] damaged) throws IOException {
    try {
      Image image = decoder.decode(damaged, "x");
      long pixels = (long) image.width() * image.height();
      assertTrue(pixels <= MOST_PIXELS, image + " is larger than the decoder may make");
      assertEquals(3 * pixels, image.samples().length, image.toString());
    } catch (UnreadableImageException e) {
      String message = String.valueOf(e.getMessage());
      assertTrue(message.matches(REFUSAL), message);
    }
  }

  /** Mostly the head is hit, where the sizes and tables are. */
  private static byte[] damage(byte[] file, Random random) {
    byte[] damaged = file.clone();
    int flips = 1 + random.nextInt(4);
    for (int i = 0; i < flips; i++) {
      int range = random.nextBoolean() ? Math.min(64, file.length) : file.length;
      damaged[random.nextInt(range)] = (byte) random.nextInt(256);
    }
    if (random.nextInt(4) == 0) {
      damaged = Arrays.copyOf(damaged, random.nextInt(file.length));
    }
    return damaged;
  }
}
