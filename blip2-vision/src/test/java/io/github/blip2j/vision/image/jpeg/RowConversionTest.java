package io.github.blip2j.vision.image.jpeg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.golden.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pictures large enough that a second thread converts their rows. */
final class RowConversionTest {
  private static final Path FOLDER = Fixtures.own("jpeg-large");

  private static String hashOfPixels(String name) throws IOException {
    byte[] pixels = JpegFile.parse(Files.readAllBytes(FOLDER.resolve(name + ".jpg"))).decode();
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(pixels));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static String expected(String name) throws IOException {
    return Files.readString(FOLDER.resolve(name + ".sha256")).strip();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "420",
        "422",
        "444",
        "420-progressive",
        "420-restarts",
        "420-wide",
        "gray",
      })
  void decode_largePicture_hasPillowsPixels(String name) throws IOException {
    for (int i = 0; i < 20; i++) { // a race would not show every time
      assertEquals(expected(name), hashOfPixels(name));
    }
  }

  @Test
  void decode_onManyThreads_hasPillowsPixels() throws IOException {
    String expected = expected("420");

    IntStream.range(0, 64)
        .parallel() // on the pool that converts rows too
        .forEach(
            i -> {
              try {
                assertEquals(expected, hashOfPixels("420"));
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
  }

  @Test
  void decode_largePictureWithAnErrorFarDown_isRefused() throws IOException {
    byte[] file = Files.readAllBytes(FOLDER.resolve("420.jpg"));
    byte[] cut = Arrays.copyOf(file, file.length / 2);

    assertThrows(IOException.class, () -> JpegFile.parse(cut).decode());
  }
}
