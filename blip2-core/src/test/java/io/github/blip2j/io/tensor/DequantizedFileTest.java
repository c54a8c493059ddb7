package io.github.blip2j.io.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights in bytes with scales, as compressed-tensors stores them; products worked out by hand. */
final class DequantizedFileTest {
  private Path path = Path.of("");

  @BeforeEach
  void place(@TempDir Path folder) {
    path = folder.resolve("a.safetensors");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # type   bytes         scale's shape   scales in float32                     values
          I8      | 01ff7f8002fe | [2,1] | 0000003f0000803e                 | 0.5 -0.5 63.5 -32 0.5 -0.5
          I8      | 01ff7f8002fe | [2]   | 0000003f0000803e                 | 0.5 -0.5 63.5 -32 0.5 -0.5
          I8      | 01ff7f8002fe | []    | 00000040                         | 2 -2 254 -256 4 -4
          I8      | 01ff7f8002fe | [1]   | 00000040                         | 2 -2 254 -256 4 -4
          I8      | 01ff7f8002fe | [2,3] | 0000803f000000400000003f0000803e0000803f00000041 | 1 -2 63.5 -32 2 -16
          F8_E4M3 | 3cc0287e0180 | [2,1] | 0000004000000041                 | 3 -4 0.5 3584 0.015625 -0
          """)
  void read_eachKindOfScale_multiplies(
      String type, String bytes, String scaleShape, String scales, String expected)
      throws IOException {
    write(
        new Part("l.weight", type, "[2,3]", bytes),
        new Part("l.weight_scale", "F32", scaleShape, scales));

    try (Checkpoint file = Checkpoint.open(path)) {
      float[] values = new float[6];
      ByteBuffer read = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
      file.read("l.weight", read);
      read.flip().asFloatBuffer().get(values);

      assertArrayEquals(floats(expected), values);
      assertEquals(Set.of("l.weight"), file.tensors().keySet());
      assertEquals("F32", file.tensors().firstEntry().getValue().dtypeName());
    }
  }

  @Test
  void read_zeroPointsAndBfloat16Scales_areApplied() throws IOException {
    write(
        new Part("l.weight", "I8", "[2,2]", "05030a00"),
        new Part("l.weight_scale", "BF16", "[2,1]", "003f8040"), // 0.5 and 4
        new Part("l.weight_zero_point", "I8", "[2,1]", "03fe"),
        new Part("l.input_scale", "F32", "[]", "0000803f"));

    try (Checkpoint file = Checkpoint.open(path)) {
      TensorSummary summary = file.summary("l.weight");

      // (5 - 3) / 2, (3 - 3) / 2, (10 + 2) * 4, (0 + 2) * 4
      assertEquals(new TensorSummary(4, 0, 1 + 0 + 48 + 8, 0, 48), summary);
      assertEquals(Set.of("l.weight"), file.tensors().keySet());
    }
  }

  /** A part may begin and end within a number, and may need many scales. */
  @Test
  void read_partsAtAnyByte_areThoseOfTheWhole() throws IOException {
    int rows = 300;
    int columns = 301; // more elements than are read at once
    byte[] bytes = new byte[rows * columns];
    ByteBuffer scales = ByteBuffer.allocate(4 * rows).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer expected = ByteBuffer.allocate(4 * bytes.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < rows; row++) {
      scales.putFloat(0.1f * (row + 1));
      for (int column = 0; column < columns; column++) {
        byte value = (byte) (7 * row + 13 * column);
        bytes[row * columns + column] = value;
        expected.putFloat(value * (0.1f * (row + 1)));
      }
    }
    HexFormat hex = HexFormat.of();
    write(
        new Part("w.weight", "I8", "[300,301]", hex.formatHex(bytes)),
        new Part("w.weight_scale", "F32", "[300,1]", hex.formatHex(scales.array())));

    try (Checkpoint file = Checkpoint.open(path)) {
      for (int[] part : new int[][] {{0, 361_200}, {1, 361_198}, {4001, 9}, {361_197, 3}, {7, 0}}) {
        ByteBuffer read = ByteBuffer.allocate(part[1]);
        file.read("w.weight", part[0], read);

        assertArrayEquals(
            Arrays.copyOfRange(expected.array(), part[0], part[0] + part[1]), read.array());
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          F32 | [3,1] | 0000803f0000803f0000803f | a.safetensors: l.weight_scale expected a floating-point scale for l.weight as a whole or for equal parts of its 2 rows, got F32 [3, 1]; save the model without quantization
          I32 | [2,1] | 0100000001000000 | a.safetensors: l.weight_scale expected a floating-point scale for l.weight as a whole or for equal parts of its 2 rows, got I32 [2, 1]; save the model without quantization
          F32 | [0] | '' | a.safetensors: l.weight_scale expected a floating-point scale for l.weight as a whole or for equal parts of its 2 rows, got F32 [0]; save the model without quantization
          """)
  void open_scaleThatDoesNotFit_isNamed(String type, String shape, String hex, String message)
      throws IOException {
    write(
        new Part("l.weight", "I8", "[2,2]", "01020304"),
        new Part("l.weight_scale", type, shape, hex));

    assertEquals(
        message, assertThrows(CheckpointException.class, () -> Checkpoint.open(path)).getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "0000c07f, NaN",
    "0000807f, Infinity",
    "000080ff, -Infinity",
    "000000bf, -0.5",
    "00000000, 0.0"
  })
  void read_scaleThatIsNotPositive_isNamed(String hex, String shown) throws IOException {
    write(
        new Part("l.weight", "I8", "[2,2]", "01020304"),
        new Part("l.weight_scale", "F32", "[2,1]", "0000803f" + hex));

    try (Checkpoint file = Checkpoint.open(path)) {
      file.read("l.weight", 0, ByteBuffer.allocate(8)); // the first row's is sound
      assertEquals(
          "a.safetensors: l.weight_scale expected finite scales above 0, got "
              + shown
              + " at 1; copy the file again, or quantize the model anew",
          assertThrows(
                  CheckpointException.class, () -> file.read("l.weight", ByteBuffer.allocate(16)))
              .getMessage());
    }
  }

  @Test
  void read_scaleOfZeroForZeros_isAccepted() throws IOException {
    write(
        new Part("l.weight", "I8", "[2,2]", "01020303"),
        new Part("l.weight_zero_point", "I8", "[2]", "0003"),
        new Part("l.weight_scale", "F32", "[2]", "0000803f00000000"));

    try (Checkpoint file = Checkpoint.open(path)) {
      assertEquals(new TensorSummary(4, 0, 3, 0, 2), file.summary("l.weight"));
    }
  }

  @Test
  void storedType_isThatOfTheFile() throws IOException {
    write(
        new Part("l.weight", "F8_E4M3", "[2]", "3cc0"),
        new Part("l.weight_scale", "F32", "[]", "0000803f"),
        new Part("s", "BF16", "[1]", "803f"));

    try (Checkpoint file = Checkpoint.open(path);
        Checkpoint renamed = file.renamed(name -> Optional.of("model." + name))) {
      assertEquals("F8_E4M3", file.storedType("l.weight"));
      assertEquals("BF16", file.storedType("s"));
      assertEquals("F8_E4M3", renamed.storedType("model.l.weight"));
    }
  }

  @Test
  void open_zeroPointOfAnotherType_isNamed() throws IOException {
    write(
        new Part("l.weight", "I8", "[2,2]", "01020304"),
        new Part("l.weight_scale", "F32", "[2,1]", "0000803f0000803f"),
        new Part("l.weight_zero_point", "I32", "[2,1]", "0000000000000000"));

    assertEquals(
        "a.safetensors: l.weight_zero_point expected I8 [2, 1], one for each scale, got I32 [2, 1];"
            + " save the model without quantization",
        assertThrows(CheckpointException.class, () -> Checkpoint.open(path)).getMessage());
  }

  @Test
  void open_bytesWithoutScale_stayBytes() throws IOException {
    write(new Part("l.weight", "I8", "[2]", "01ff"), new Part("s", "F32", "[]", "0000803f"));

    try (Checkpoint file = Checkpoint.open(path)) {
      assertEquals("I8", file.tensors().firstEntry().getValue().dtypeName());
      assertEquals(new TensorSummary(2, 0, 0, -1, 1), file.summary("l.weight"));
    }
  }

  private record Part(String name, String type, String shape, String hex) {}

  private void write(Part... parts) throws IOException {
    var header = new StringBuilder("{");
    var data = new StringBuilder();
    for (Part part : parts) {
      int begin = data.length() / 2;
      data.append(part.hex);
      header.append(
          String.format(
              Locale.ROOT,
              "%s\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
              begin == 0 ? "" : ",",
              part.name,
              part.type,
              part.shape,
              begin,
              data.length() / 2));
    }
    byte[] text = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
    byte[] bytes = HexFormat.of().parseHex(data);
    ByteBuffer file =
        ByteBuffer.allocate(8 + text.length + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(path, file.putLong(text.length).put(text).put(bytes).array());
  }

  private static float[] floats(String text) {
    List<String> words = List.of(text.split(" ", -1));
    float[] floats = new float[words.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = Float.parseFloat(words.get(i));
    }
    return floats;
  }
}
