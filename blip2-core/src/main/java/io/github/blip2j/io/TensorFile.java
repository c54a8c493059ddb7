package io.github.blip2j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/** An open file of named tensors; reads are safe from any number of threads. */
sealed interface TensorFile extends AutoCloseable permits SafetensorsFile, TorchFile {
  /** What files of safetensors are called; every other one is PyTorch's. */
  String SAFETENSORS = ".safetensors";

  /** Opens a file of the kind that its name says. */
  static TensorFile open(Path file) throws IOException {
    return ReadableFile.nameOf(file).endsWith(SAFETENSORS)
        ? SafetensorsFile.open(file)
        : TorchFile.open(file);
  }

  /** Every tensor in the file by name, sorted; unmodifiable. */
  NavigableMap<String, TensorEntry> tensors();

  /**
   * Fills the buffer's remaining bytes from part of a tensor, little-endian; tensors beyond 2 GB
   * are read this way.
   *
   * @param byteOffset where to start, counted from the tensor's first byte
   * @throws CheckpointException if the file has no such tensor or it is of an unknown type
   * @throws IllegalArgumentException if the part reaches outside the tensor
   */
  void read(String name, long byteOffset, ByteBuffer into) throws IOException;

  /**
   * Reads a whole tensor into the buffer's remaining bytes, little-endian.
   *
   * @throws CheckpointException if the file has no such tensor or it is of an unknown type
   * @throws IllegalArgumentException if the buffer's remaining bytes are not the tensor's
   */
  void read(String name, ByteBuffer into) throws IOException;

  /** Closes the file; reading from it afterwards fails. */
  @Override
  void close() throws IOException;

  /** The entry of a tensor that somebody wants to read. */
  static TensorEntry require(
      NavigableMap<String, TensorEntry> tensors, String fileName, String name)
      throws CheckpointException {
    @Nullable TensorEntry entry = tensors.get(name);
    if (entry == null) {
      throw new CheckpointException("%s: tensor %s is missing".formatted(fileName, name));
    }
    entry.dtype(); // refuses types nobody could interpret
    return entry;
  }

  /** Checks that a buffer holds just the tensor. */
  static void requireWhole(TensorEntry entry, ByteBuffer into) {
    if (into.remaining() != entry.byteSize()) {
      throw new IllegalArgumentException(
          "%s: buffer for tensor %s expected %d bytes, got %d"
              .formatted(entry.fileName(), entry.name(), entry.byteSize(), into.remaining()));
    }
  }

  /** Checks that a part lies within the tensor. */
  static void requirePart(TensorEntry entry, long byteOffset, ByteBuffer into) {
    if (byteOffset < 0 || byteOffset > entry.byteSize() - into.remaining()) {
      throw new IllegalArgumentException(
          "%s: part of tensor %s expected within its %d bytes, got %d bytes from %d"
              .formatted(
                  entry.fileName(), entry.name(), entry.byteSize(), into.remaining(), byteOffset));
    }
  }
}
