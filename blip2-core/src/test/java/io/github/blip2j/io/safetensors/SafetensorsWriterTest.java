package io.github.blip2j.io.safetensors;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

public final class SafetensorsWriterTest {
  private static final List<TensorSpec> SPECS =
      List.of(
          new TensorSpec("flag", DType.BOOL, Shape.of(3)),
          new TensorSpec("caf\u00e9 \"x\"", DType.FLOAT32, Shape.of(2, 1)),
          new TensorSpec("ids", DType.INT64, Shape.of()),
          new TensorSpec("half", DType.BFLOAT16, Shape.of(3, 0)));

  private final Path folder;

  SafetensorsWriterTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void close_completeFile_readsBackEqual() throws IOException {
    Path target = folder.resolve("out.safetensors");

    try (var writer = SafetensorsWriter.create(target, SPECS)) {
      writer.write("ids", bytes(8, 10));
      writer.write("flag", bytes(1, 1));
      writer.write("caf\u00e9 \"x\"", bytes(8, 20));
      writer.write("flag", bytes(2, 2)); // a second piece
    }

    try (SafetensorsFile file = SafetensorsFile.open(target)) {
      ByteBuffer flag = ByteBuffer.allocate(3);
      file.read("flag", flag);
      ByteBuffer floats = ByteBuffer.allocate(8);
      file.read("caf\u00e9 \"x\"", floats);

      assertEquals(Map.of("format", "pt"), file.metadata());
      assertEquals(4, file.tensors().size());
      assertArrayEquals(new byte[] {1, 2, 3}, flag.array());
      assertEquals(bytes(8, 20), floats.flip());
      assertEquals(Shape.of(3, 0), requireNonNull(file.tensors().get("half")).shape());
    }
    assertEquals(List.of("out.safetensors"), names(folder));
  }

  @Test
  void create_mixedTypes_alignsEveryTensorToItsType() throws IOException {
    Path target = folder.resolve("out.safetensors");

    try (var writer = SafetensorsWriter.create(target, SPECS)) {
      writer.write("ids", bytes(8, 0));
      writer.write("flag", bytes(3, 0));
      writer.write("caf\u00e9 \"x\"", bytes(8, 0));
    }

    try (SafetensorsFile file = SafetensorsFile.open(target)) {
      for (TensorEntry entry : file.tensors().values()) {
        assertEquals(0, entry.begin() % entry.dtype().byteSize(), entry.name());
      }
    }
  }

  @Test
  void close_incompleteTensor_leavesTheOldFileAndNothingElse() throws IOException {
    Path target = Files.writeString(folder.resolve("out.safetensors"), "old");
    var writer = SafetensorsWriter.create(target, SPECS);
    writer.write("ids", bytes(8, 0));
    writer.write("flag", bytes(2, 0));

    var thrown = assertThrows(IllegalStateException.class, writer::close);

    assertEquals(
        "out.safetensors: all bytes of 4 tensors expected, got 2 incomplete (caf\u00e9 \"x\" has 0"
            + " of 8, flag has 2 of 3); nothing was written",
        thrown.getMessage());
    assertEquals("old", Files.readString(target));
    assertEquals(List.of("out.safetensors"), names(folder));
  }

  @Test
  void close_targetThatCannotBeReplaced_leavesNothingBehind() throws IOException {
    Path target = folder.resolve("out.safetensors");
    var writer =
        SafetensorsWriter.create(target, List.of(new TensorSpec("a", DType.UINT8, Shape.of(0))));
    Files.createDirectories(target.resolve("inside"));

    assertThrows(IOException.class, writer::close);

    assertEquals(List.of("out.safetensors"), names(folder));
  }

  @Test
  void write_tooManyBytesOrUnknownName_isRefused() throws IOException {
    var writer = SafetensorsWriter.create(folder.resolve("out.safetensors"), SPECS);
    writer.write("flag", bytes(2, 0));

    var long1 =
        assertThrows(IllegalArgumentException.class, () -> writer.write("flag", bytes(2, 0)));
    var unknown =
        assertThrows(IllegalArgumentException.class, () -> writer.write("x", bytes(1, 0)));
    assertThrows(IllegalStateException.class, writer::close);

    assertEquals("out.safetensors: tensor flag expected 3 bytes, got 4", long1.getMessage());
    assertEquals(
        "out.safetensors: tensor x expected among the declared ones", unknown.getMessage());
  }

  @Test
  void create_sameNameTwice_isRefusedBeforeAnyFileAppears() throws IOException {
    var spec = new TensorSpec("a", DType.UINT8, Shape.of(1));

    var thrown =
        assertThrows(
            IllegalArgumentException.class,
            () -> SafetensorsWriter.create(folder.resolve("o"), List.of(spec, spec)));

    assertEquals("o: tensor names expected to differ, got a twice", thrown.getMessage());
    assertEquals(List.of(), names(folder));
  }

  @Test
  void create_folderAsTarget_saysSoBeforeAnyFileAppears() throws IOException {
    Path target = Files.createDirectory(folder.resolve("out"));

    var thrown =
        assertThrows(CheckpointException.class, () -> SafetensorsWriter.create(target, SPECS));

    assertEquals(target + ": file expected, got a folder; name a file in it", thrown.getMessage());
    assertEquals(List.of("out"), names(folder));
  }

  @Test
  void create_missingFolder_saysSo() {
    Path target = folder.resolve("none/out.safetensors");

    var thrown =
        assertThrows(CheckpointException.class, () -> SafetensorsWriter.create(target, SPECS));

    assertEquals(target + ": folder expected to exist; create it first", thrown.getMessage());
  }

  public static ByteBuffer bytes(int count, int first) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (first + i);
    }
    return ByteBuffer.wrap(bytes);
  }

  public static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      String[] names = files.map(ReadableFile::nameOf).toArray(String[]::new);
      Arrays.sort(names);
      return List.of(names);
    }
  }
}
