package io.github.blip2j.io.tensor;

import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/** An open file of named tensors; reads are safe from any number of threads. */
public interface TensorFile extends AutoCloseable {
  /** Every tensor in the file by name, sorted; unmodifiable. */
  NavigableMap<String, TensorEntry> tensors();

  /** The file's metadata, such as {@code format -> pt}; unmodifiable. */
  default Map<String, String> metadata() {
    return Map.of();
  }

  /** The file's other contents: name and description; unmodifiable. */
  default NavigableMap<String, String> passedOver() {
    return Collections.emptyNavigableMap();
  }

  /** The file's name without its folder. */
  String name();

  /**
   * The element type of a tensor as the file has it, which is another than that of its entry if its
   * values are computed.
   *
   * @throws CheckpointException if the file has no such tensor
   */
  default String storedType(String name) throws CheckpointException {
    return find(tensors(), name(), name).dtypeName();
  }

  /** Fills the buffer's remaining bytes from part of a tensor of any type. */
  void readStored(TensorEntry entry, long byteOffset, ByteBuffer into) throws IOException;

  /**
   * Fills the buffer's remaining bytes from part of a tensor, little-endian; tensors beyond 2 GB
   * are read this way.
   *
   * @param byteOffset where to start, counted from the tensor's first byte
   * @throws CheckpointException if the file has no such tensor or it is of an unknown type
   * @throws IllegalArgumentException if the part reaches outside the tensor
   */
  default void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    TensorEntry entry = require(tensors(), name(), name);
    requirePart(entry, byteOffset, into);
    readStored(entry, byteOffset, into);
  }

  /**
   * Reads a whole tensor into the buffer's remaining bytes, little-endian.
   *
   * @throws CheckpointException if the file has no such tensor or it is of an unknown type
   * @throws IllegalArgumentException if the buffer's remaining size differs from the tensor's
   */
  default void read(String name, ByteBuffer into) throws IOException {
    TensorEntry entry = require(tensors(), name(), name);
    requireWhole(entry, into);
    readStored(entry, 0, into);
  }

  /** Closes the file; reading from it afterwards fails. */
  @Override
  void close() throws IOException;

  /** The entry of a tensor that is about to be read. */
  static TensorEntry require(
      NavigableMap<String, TensorEntry> tensors, String fileName, String name)
      throws CheckpointException {
    TensorEntry entry = find(tensors, fileName, name);
    entry.dtype(); // rejects types that can't be read
    return entry;
  }

  private static TensorEntry find(
      NavigableMap<String, TensorEntry> tensors, String fileName, String name)
      throws CheckpointException {
    @Nullable TensorEntry entry = tensors.get(name);
    if (entry == null) {
      throw new CheckpointException(
          String.format(Locale.ROOT, "%s: tensor %s is missing", fileName, name));
    }
    return entry;
  }

  /** Checks that a buffer has the tensor's size. */
  static void requireWhole(TensorEntry entry, ByteBuffer into) {
    if (into.remaining() != entry.byteSize()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: buffer for tensor %s expected %d bytes, got %d",
              entry.fileName(),
              entry.name(),
              entry.byteSize(),
              into.remaining()));
    }
  }

  /** Checks that a part lies within the tensor. */
  static void requirePart(TensorEntry entry, long byteOffset, ByteBuffer into) {
    if (byteOffset < 0 || byteOffset > entry.byteSize() - into.remaining()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: part of tensor %s expected within its %d bytes, got %d bytes from %d",
              entry.fileName(),
              entry.name(),
              entry.byteSize(),
              into.remaining(),
              byteOffset));
    }
  }
}
