package io.github.blip2j.io.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Sums, minima and maxima; the expected numbers are NumPy's and those of the types' definitions.
 */
final class TensorSummaryTest {
  private final Path folder;

  TensorSummaryTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @CsvSource({
    // 1.5, -2, 0.25
    "F64, 000000000000f83f00000000000000c0000000000000d03f, 3, 0, -0.25, -2, 1.5",
    "F32, 0000c03f000000c00000803e, 3, 0, -0.25, -2, 1.5",
    "F16, 003e00c00034, 3, 0, -0.25, -2, 1.5",
    "BF16, c03f00c0803e, 3, 0, -0.25, -2, 1.5",
    "F8_E4M3, 3cc028, 3, 0, -0.25, -2, 1.5",
    "F8_E5M2, 3ec034, 3, 0, -0.25, -2, 1.5",
    // the least above zero, the greatest, NaN
    "F16, 0100ff7b007e, 3, 1, 65504.000000059605, 5.960464477539063E-8, 65504",
    "F8_E4M3, 017e7fff, 4, 2, 448.001953125, 0.001953125, 448",
    "F8_E5M2, 017b7f, 3, 1, 57344.0000152587890625, 0.0000152587890625, 57344",
    // infinities
    "F32, 0000807f0000803f, 2, 0, Infinity, 1, Infinity",
    "F16, 007c00fc, 2, 0, NaN, -Infinity, Infinity",
    "F8_E5M2, 7cfc, 2, 0, NaN, -Infinity, Infinity",
    // nothing but NaN, and nothing
    "F64, 000000000000f87f, 1, 1, 0, NaN, NaN",
    "F32, '', 0, 0, 0, NaN, NaN",
    "I64, ffffffffffffffff0000000000000080, 2, 0, -9223372036854775809, -9223372036854775808, -1",
    "I32, ffffffff02000000, 2, 0, 1, -1, 2",
    "I16, ffff0200, 2, 0, 1, -1, 2",
    "I8, ff02, 2, 0, 1, -1, 2",
    "U8, ff02, 2, 0, 257, 2, 255",
    "U16, ffff0200, 2, 0, 65537, 2, 65535",
    "U32, ffffffff02000000, 2, 0, 4294967297, 2, 4294967295",
    "U64, ffffffffffffffff0200000000000000, 2, 0, 18446744073709551617, 2, 18446744073709551615",
    "BOOL, 010001, 3, 0, 2, 0, 1"
  })
  void summary_ofEveryType_isNumPys(
      String type, String hex, long count, long nans, double sum, double min, double max)
      throws IOException {
    byte[] bytes = HexFormat.of().parseHex(hex);

    try (Checkpoint file = Checkpoint.open(write(type, count, bytes))) {
      TensorSummary summary = file.summary("x");

      assertEquals(new TensorSummary(count, nans, sum, min, max), summary);
    }
  }

  @Test
  void summary_ofSeveralParts_isThatOfTheWhole() throws IOException {
    int count = 3 * (1 << 18) + 5;
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat(i - 7);
    }

    try (Checkpoint file = Checkpoint.open(write("F32", count, bytes.array()))) {
      TensorSummary summary = file.summary("x");

      double sum = (double) count * (count - 1) / 2 - 7.0 * count;
      assertEquals(new TensorSummary(count, 0, sum, -7, count - 8), summary);
      assertEquals((count - 1) / 2.0 - 7, summary.mean());
    }
  }

  @Test
  void summary_ofComplexNumbers_isRefused() throws IOException {
    try (Checkpoint file = Checkpoint.open(write("C64", 1, new byte[8]))) {
      var thrown = assertThrows(CheckpointException.class, () -> file.summary("x"));

      assertEquals(
          "a.safetensors: dtype of x expected one of F64, F32, F16, BF16, I64, I32, U8, I8, BOOL, got"
              + " C64; convert it to one of these",
          thrown.getMessage());
    }
  }

  @Test
  void summary_ofATensorThatIsNotThere_isRefused() throws IOException {
    try (Checkpoint file = Checkpoint.open(write("U8", 1, new byte[1]))) {
      var thrown = assertThrows(CheckpointException.class, () -> file.summary("y"));

      assertEquals("checkpoint: tensor y is missing", thrown.getMessage());
    }
  }

  private Path write(String type, long count, byte[] bytes) throws IOException {
    String header =
        String.format(
            Locale.ROOT,
            "{\"x\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[0,%s]}}",
            type,
            count,
            bytes.length);
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + json.length + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json).put(bytes);
    return Files.write(folder.resolve("a.safetensors"), file.array());
  }
}
