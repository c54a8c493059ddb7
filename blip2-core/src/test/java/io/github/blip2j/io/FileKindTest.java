package io.github.blip2j.io;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileKindTest {
  private static final List<TensorSpec> ONE =
      List.of(new TensorSpec("a", DType.FLOAT32, Shape.of(1)));
  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0};

  @TempDir private Path folder;

  /** Names say nothing: all are called alike. */
  @Test
  void require_kindByKind_acceptsItsOwnAlone() throws IOException {
    Path tensors = Files.createDirectory(folder.resolve("0")).resolve("x");
    try (var writer = SafetensorsWriter.create(tensors, ONE)) {
      writer.write("a", ByteBuffer.allocate(4));
    }
    Path torch = Files.createDirectory(folder.resolve("1")).resolve("x");
    try (var writer = TorchWriter.create(torch, ONE)) {
      writer.write("a", ByteBuffer.allocate(4));
    }
    Path png = Files.createDirectory(folder.resolve("2")).resolve("x");
    Files.write(png, PNG);
    Path json = Files.createDirectory(folder.resolve("3")).resolve("x");
    Files.writeString(json, "{\"a\": 1}");
    Path notes = Files.createDirectory(folder.resolve("4")).resolve("x");
    Files.writeString(notes, "notes");
    var kinds =
        Map.of(
            FileKind.SAFETENSORS, tensors,
            FileKind.TORCH, torch,
            FileKind.PNG, png,
            FileKind.JSON, json);

    for (FileKind kind : kinds.keySet()) {
      for (Path file : List.of(tensors, torch, png, json, notes)) {
        if (file.equals(kinds.get(kind))) {
          assertDoesNotThrow(() -> kind.require(file));
        } else {
          var refused = assertThrows(CheckpointException.class, () -> kind.require(file));
          assertEquals(
              file
                  + ": "
                  + kind.name()
                  + " expected to be replaced, got another file; name another",
              refused.getMessage());
        }
      }
    }
  }

  @Test
  void require_emptyOrNoFile_isAccepted() throws IOException {
    Path empty = Files.createFile(folder.resolve("empty"));

    assertDoesNotThrow(() -> FileKind.TORCH.require(empty));
    assertDoesNotThrow(() -> FileKind.TORCH.require(folder.resolve("none")));
  }

  @Test
  void requireNoneOf_linkToAnInput_isRefused() throws IOException {
    Path input = Files.createFile(folder.resolve("input"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), input);

    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> FileKind.requireNoneOf(List.of(folder.resolve("none"), input), link));

    assertEquals(
        link + ": target expected to be none of the inputs, got one of them; name another",
        refused.getMessage());
  }
}
