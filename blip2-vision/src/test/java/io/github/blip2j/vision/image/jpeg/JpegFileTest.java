package io.github.blip2j.vision.image.jpeg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.vision.image.jpeg.entropy.ArithmeticDecoder;
import io.github.blip2j.vision.image.jpeg.entropy.JpegInput;
import io.github.blip2j.vision.image.jpeg.entropy.ZigZag;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class JpegFileTest {
  private static final String STEPS = "ffdb004300" + "01".repeat(64);

  // One code of one bit, for no difference, and one for the end of a block.
  private static final String CODES =
      "ffc4001400" + "01" + "00".repeat(16) + "ffc4001410" + "01" + "00".repeat(16);

  private static byte[] fixture(String name) throws IOException {
    return Files.readAllBytes(Fixtures.own("jpeg").resolve(name));
  }

  private static byte[] decode(byte[] file) throws IOException {
    return JpegFile.parse(file).decode();
  }

  private static String refusal(byte[] file) {
    return String.valueOf(assertThrows(IOException.class, () -> decode(file)).getMessage());
  }

  private static byte[] bytes(String... hex) {
    return HexFormat.of().parseHex(String.join("", hex));
  }

  /** A frame header of {@code components} components, each with sampling factors 1x1. */
  private static String frame(String marker, int width, int height, int components) {
    var text = new StringBuilder("ff" + marker);
    text.append(
        String.format(
            Locale.ROOT, "%04x08%04x%04x%02x", 8 + 3 * components, height, width, components));
    for (int i = 1; i <= components; i++) {
      text.append(String.format(Locale.ROOT, "%02x1100", i));
    }
    return text.toString();
  }

  @ParameterizedTest
  @CsvSource({
    "3x1_2x1, sampling factors 2x1 of 3x1 are not supported",
    "2x2_2x3, sampling factors 2x2 of 2x3 are not supported",
    "5x1, sampling factors 5x1 are wrong",
    "mcu, MCUs of 21 blocks",
    "progression, 'a progressive scan 1-14, 1-14 of 1 components'",
    "no_steps, no quantization table 0",
    "12_bits, samples of 12 bits are not supported",
    "scan_without_frame, no frame",
    "two_frames, two frames",
    "scan_too_many, a scan too many",
    "reserved_marker, marker f0",
    "tem, marker 01",
    "jfif_without_version, a JFIF segment without its version",
    "two_starts, two starts of image",
    "table_index, quantization table 7",
    "marker_after, marker f1",
    "lossless_ycc, lossless YCBCR is not supported"
  })
  void decode_whatLibjpegOrPillowTakesForAnError_isRefused(String name, String message)
      throws IOException {
    assertEquals(message, refusal(fixture("refused_" + name + ".jpg")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tables_only", "cut_in_scan", "cut_before_end"})
  void decode_fileThatEndsEarly_isTruncated(String name) throws IOException {
    byte[] file = fixture("refused_" + name + ".jpg");

    assertThrows(EOFException.class, () -> decode(file));
  }

  @Test
  void decode_hierarchicalFile_isRefused() {
    assertEquals(
        "this kind of coding (c5) is not supported",
        refusal(bytes("ffd8", frame("c5", 1, 1, 1), "ffd9")));
  }

  @Test
  void decode_twoComponents_areRefused() {
    byte[] file =
        bytes("ffd8", STEPS, CODES, frame("c0", 8, 8, 2), "ffda000a020100020000003f00", "00ffd9");

    assertEquals("2 components are not supported", refusal(file));
  }

  @Test
  void decode_bytesAfterThePicture_haveNoSay() throws IOException {
    byte[] file = fixture("sampling_2x2.jpg");
    byte[] longer = Arrays.copyOf(file, file.length + 1000);

    assertArrayEquals(decode(file), decode(longer));
  }

  @Test
  void decode_segmentsOfMoreThanOnePiece_arePassed() throws IOException {
    byte[] file = fixture("sampling_2x2.jpg");
    var padded = new ByteArrayOutputStream();
    padded.write(file, 0, 2);
    for (int i = 0; i < 3; i++) {
      padded.write(bytes("ffe3ffff"));
      padded.write(new byte[0xFFFD]);
    }
    padded.write(file, 2, file.length - 2);

    assertArrayEquals(decode(file), decode(padded.toByteArray()));
  }

  @Test
  void header_longestSide_isRefusedBeyondLibjpegsLimit() throws IOException {
    byte[] longest = bytes("ffd8", frame("c0", 65_500, 1, 1), "ffda0008010100003f00");
    byte[] longer = bytes("ffd8", frame("c0", 65_501, 1, 1), "ffda0008010100003f00");

    assertEquals(65_500, JpegFile.parse(longest).header().width());
    assertEquals("sides of more than 65500 pixels are not supported", refusal(longer));
  }

  @Test
  void decode_scansWithoutEnd_areRefusedBeforeTheyTakeLong() {
    // 178 million pixels; each scan would be a pass over 2.8 million blocks.
    String scan = "ffda0008010100013f00" + "00";
    byte[] file =
        bytes(
            "ffd8",
            STEPS,
            CODES,
            frame("c2", 13_377, 13_377, 1),
            "ffda00080101000000000000",
            scan.repeat(1000),
            "ffd9");

    assertEquals("more than 39 scans of that size", refusal(file));
  }

  @Test
  void decode_manyScansOfSmallPicture_areRead() throws IOException {
    String scan = "ffda0008010100013f00" + "00";
    byte[] file =
        bytes(
            "ffd8",
            STEPS,
            CODES,
            frame("c2", 8, 8, 1),
            "ffda00080101000000000000",
            scan.repeat(1000),
            "ffd9");

    byte[] gray = new byte[3 * 64];
    Arrays.fill(gray, (byte) 128);
    assertArrayEquals(gray, decode(file));
  }

  @Test
  void decode_arithmeticDataWithoutEnd_areRefused() throws IOException {
    var budget = new ArithmeticDecoder.Budget(100);
    var decoder = new ArithmeticDecoder(new JpegInput(bytes("0000ffd9")), budget);
    byte[] states = new byte[1];
    for (int i = 0; i < 100; i++) {
      decoder.decide(states, 0);
    }

    var e = assertThrows(IOException.class, () -> decoder.decide(states, 0));

    assertEquals("more decisions than an image of that size has", e.getMessage());
  }

  @Test
  void decode_losslessScansWithoutEnd_areRefused() {
    String scan = "ffda0008010100010000" + "00";
    byte[] file = bytes("ffd8", CODES, frame("c3", 9_000, 9_000, 3), scan.repeat(100), "ffd9");

    assertEquals("more than 15 scans of that size", refusal(file));
  }

  @Test
  void decode_smallFileOfLargePicture_keepsNoCoefficientsThatAreZero() throws IOException {
    var size = new Frame.Size(13_377, 13_377, 1, 1, 8);
    var kept = new Coefficients(new Component(new Component.Spec(1, 1, 1, 0), 0, size));

    assertEquals(kept.row(0), kept.row(1000));
    kept.row(7)[5] = 3;
    kept.keep(7);

    assertEquals(3, kept.row(7)[5]);
    assertEquals(0, kept.row(8)[5]);
    assertEquals(kept.row(0), kept.row(1000));
  }

  @Test
  void zigZag_order_isThatOfTheStandard() {
    byte[] natural = new byte[80];
    for (int k = 0; k < natural.length; k++) {
      natural[k] = (byte) ZigZag.natural(k);
    }

    assertEquals("000108100902030a1118", HexFormat.of().formatHex(natural, 0, 10));
    assertEquals("3f".repeat(17), HexFormat.of().formatHex(natural, 63, 80));
  }
}
