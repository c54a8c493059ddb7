package io.github.blip2j.vision.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.golden.Fixtures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ImageDecoderTest {
  private static final String EXPECTED =
      ": image expected a JPEG, PNG, GIF, BMP, TIFF or WebP file, got ";

  private final ImageDecoder decoder = new ImageDecoder();

  private static byte[] fixture(String name) throws IOException {
    return Files.readAllBytes(Fixtures.own("images").resolve(name));
  }

  private String refusal(byte[] file) {
    var e = assertThrows(UnreadableImageException.class, () -> decoder.decode(file, "cat.jpg"));
    String message = String.valueOf(e.getMessage());
    assertEquals("cat.jpg" + EXPECTED, message.substring(0, 7 + EXPECTED.length()));
    return message.substring(7 + EXPECTED.length());
  }

  private static byte[] latin(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void decode_missingFile_saysSo(@TempDir Path folder) {
    Path file = folder.resolve("none.jpg");

    var e = assertThrows(UnreadableImageException.class, () -> decoder.decode(file));

    assertEquals(file + EXPECTED + "no such file; check the path", e.getMessage());
  }

  @Test
  void decode_directory_saysSo(@TempDir Path folder) {
    var e = assertThrows(UnreadableImageException.class, () -> decoder.decode(folder));

    assertEquals(folder + EXPECTED + "a directory; name a file in it", e.getMessage());
  }

  @Test
  void decode_emptyFile_saysSo(@TempDir Path folder) throws IOException {
    Path file = Files.createFile(folder.resolve("empty.png"));

    var e = assertThrows(UnreadableImageException.class, () -> decoder.decode(file));

    assertEquals(file + EXPECTED + "an empty file; copy or download it again", e.getMessage());
  }

  @Test
  void decode_textFile_showsItsBytes() {
    assertEquals("bytes 68 69; convert it to PNG first", refusal(latin("hi")));
    assertEquals(
        "bytes 3c 68 74 6d 6c 3e 3c 62; convert it to PNG first", refusal(latin("<html><body>")));
  }

  @ParameterizedTest
  @CsvSource({
    "RIFF1234WAVE, 'a RIFF file, but not WebP'",
    "%PDF-1.7, a PDF file",
    "1234ftypavif, 'an AVIF, HEIC or MP4 file'"
  })
  void decode_otherFormat_isNamed(String start, String name) {
    assertEquals(name + "; convert it to PNG first", refusal(latin(start)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jpeg420.jpg",
        "progressive.jpg",
        "gray.jpg",
        "rgb.png",
        "palette.png",
        "palette.gif",
        "interlaced.bmp"
      })
  void decode_truncatedFile_isRefused(String name) throws IOException {
    byte[] file = fixture(name);
    String format = name.replaceAll(".*\\.", "").replace("jpg", "jpeg").toUpperCase(Locale.ROOT);

    for (int percent : new int[] {2, 10, 50, 90, 99}) {
      byte[] part = Arrays.copyOf(file, Math.max(8, file.length * percent / 100));

      assertEquals("a truncated " + format + " file; copy or download it again", refusal(part));
    }
  }

  @Test
  void decode_jpegWithoutItsLastByte_isRefusedAsInPillow() throws IOException {
    byte[] file = fixture("jpeg420.jpg");

    assertEquals(
        "a truncated JPEG file; copy or download it again",
        refusal(Arrays.copyOf(file, file.length - 1)));
  }

  @Test
  void decode_pngWithoutItsLastChunk_isReadAsInPillow() throws IOException {
    byte[] file = fixture("rgb.png");

    Image image = decoder.decode(Arrays.copyOf(file, file.length - 12), "rgb.png");

    assertEquals("101x67 RGB", image.toString());
  }

  @Test
  void decode_pngWithTooFewPixels_isRefused() throws IOException {
    byte[] file = fixture("rgb.png");
    byte[] shorter = PngBytes.withHeight(Arrays.copyOf(file, file.length - 20), 68);

    assertEquals("a truncated PNG file; copy or download it again", refusal(shorter));
  }

  @Test
  void decode_pngWhosePixelsEndWithARow_isBlackBelowAsInPillow() throws IOException {
    byte[] file = fixture("rgb.png");

    Image image = decoder.decode(PngBytes.withHeight(file, 69), "rgb.png");

    assertEquals("101x69 RGB", image.toString());
    assertEquals(decoder.decode(file, "rgb.png").rgb(5, 66), image.rgb(5, 66));
    assertEquals(0, image.rgb(5, 67));
  }

  @Test
  void decode_pngWithWrongChecksum_saysWhere() throws IOException {
    byte[] file = fixture("rgb.png");
    file[19]++;

    assertEquals(
        "a damaged PNG file (wrong checksum of chunk IHDR); copy or download it again",
        refusal(file));
  }

  @Test
  void decode_hierarchicalJpeg_saysNotSupported() {
    byte[] file = latin("\u00ff\u00d8\u00ff\u00c5\0\u000b\10\0\1\0\1\1\1\u0011\0\u00ff\u00d9");

    assertEquals(
        "a damaged JPEG file (this kind of coding (c5) is not supported); copy or download it"
            + " again",
        refusal(file));
  }

  @Test
  void decode_tooManyPixels_isRefusedBeforeDecoding() throws IOException {
    byte[] bomb = PngBytes.withHeight(fixture("rgb.png"), 2_000_000_000);

    var e = assertThrows(UnreadableImageException.class, () -> decoder.decode(bomb, "bomb.png"));

    assertEquals(
        "bomb.png: image expected at most 178956970 pixels, got 101x2000000000; make it smaller or"
            + " raise maxPixels",
        e.getMessage());
  }

  @Test
  void decode_secondSize_isRefused() {
    byte[] jpeg =
        latin(
            "\u00ff\u00d8\u00ff\u00c0\0\u000b\10\u00ff\0\u00ff\0\1\1\u0011\0"
                + "\u00ff\u00c0\0\u000b\10\0\1\0\1\1\1\u0011\0\u00ff\u00d9");

    assertEquals("a damaged JPEG file (two frames); copy or download it again", refusal(jpeg));
  }

  @Test
  void decode_secondSizeOfPng_isTheOneThatCounts() throws IOException {
    byte[] large = PngBytes.withHeight(fixture("rgb.png"), 2_000_000_000);
    byte[] bomb = PngBytes.withChunk(fixture("rgb.png"), "IHDR", Arrays.copyOfRange(large, 16, 29));

    var e = assertThrows(UnreadableImageException.class, () -> decoder.decode(bomb, "bomb.png"));

    assertTrue(String.valueOf(e.getMessage()).contains("got 101x2000000000"), e.getMessage());
  }

  @Test
  void decode_frameBeyondTheScreenOfGif_countsForTheBudget() throws IOException {
    byte[] file = fixture("palette.gif");
    Arrays.fill(file, 6, 10, (byte) 1);
    var few = decoder.withMaxPixels(101 * 67 - 1);

    assertThrows(UnreadableImageException.class, () -> few.decode(file, "palette.gif"));
  }

  @Test
  void decode_exactlyTheBudget_isRead() throws IOException {
    byte[] file = fixture("rgb.png");

    Image image = decoder.withMaxPixels(101 * 67).decode(file, "rgb.png");

    assertEquals(67, image.height());
    assertThrows(
        UnreadableImageException.class,
        () -> decoder.withMaxPixels(101 * 67 - 1).decode(file, "rgb.png"));
  }

  @Test
  void withMaxPixels_zero_isRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> decoder.withMaxPixels(0));

    assertEquals("ImageDecoder: maxPixels expected 1 or more, got 0", e.getMessage());
  }

  @Test
  void decode_wrongExtension_goesByContent(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("photo.gif"), fixture("jpeg444.jpg"));

    assertEquals("101x67 RGB", decoder.decode(file).toString());
  }

  @Test
  void decode_bmpWithoutHeight_saysSo() throws IOException {
    byte[] file = fixture("interlaced.bmp");
    Arrays.fill(file, 22, 26, (byte) 0);

    assertEquals("a damaged BMP file (no size); copy or download it again", refusal(file));
  }

  @Test
  void decode_jpegWithoutHeight_saysSo() throws IOException {
    byte[] file = fixture("gray.jpg");
    String latin1 = new String(file, StandardCharsets.ISO_8859_1);
    int frame = latin1.indexOf("\u00ff\u00c0\0");
    Arrays.fill(file, frame + 5, frame + 7, (byte) 0);

    assertEquals("a damaged JPEG file (no size); copy or download it again", refusal(file));
  }
}
