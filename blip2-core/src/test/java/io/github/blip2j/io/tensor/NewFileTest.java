package io.github.blip2j.io.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.safetensors.SafetensorsWriterTest;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NewFileTest {
  private final Path folder;

  NewFileTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void append_fullDisk_namesTheFileAndLeavesTheOldOne() throws IOException {
    Path target = Files.writeString(folder.resolve("a.safetensors"), "old");
    var file =
        new NewFile(
            target,
            (channel, bytes, position) -> {
              if (position > 1) {
                throw new IOException("No space left on device");
              }
              return channel.write(ByteBuffer.wrap(new byte[] {bytes.get()}), position);
            });
    file.reserve(new TensorSpec("a", DType.UINT8, Shape.of(4)), 1);

    var thrown = assertThrows(IOException.class, () -> file.append("a", ByteBuffer.allocate(4)));
    file.discard();

    assertEquals(
        target
            + ": file expected to be written, got No space left on device; make room and run it"
            + " again",
        thrown.getMessage());
    assertEquals(List.of("a.safetensors"), SafetensorsWriterTest.names(folder));
    assertEquals("old", Files.readString(target));
  }
}
