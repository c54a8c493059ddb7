package io.github.blip2j.fuzz;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.tensor.TensorEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file of tensors: opened, and all small tensors read; or refused as one that can't be. */
final class TensorFiles {
  private static final long SMALL = 1 << 20;

  private TensorFiles() {}

  static void read(Path file, byte[] bytes) throws IOException {
    Files.write(file, bytes);
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      for (TensorEntry tensor : checkpoint.tensors().values()) {
        if (tensor.byteSize() <= SMALL) {
          checkpoint.read(tensor.name(), ByteBuffer.allocate((int) tensor.byteSize()));
        }
      }
    } catch (IOException e) {
      Messages.require(e);
    }
  }
}
