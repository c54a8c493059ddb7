package io.github.blip2j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * An open safetensors file: named tensors behind a JSON header (format of {@code
 * github.com/huggingface/safetensors}). Numbers are little-endian.
 *
 * <p>The header is read and checked once; reads are positional, so any number of threads may share
 * one file. Interrupting a thread inside a read closes the file for all of them, as it does for
 * every {@link FileChannel}.
 */
public final class SafetensorsFile implements AutoCloseable {
  private static final long MAX_HEADER_BYTES = 100_000_000; // the limit of Python's reader
  private static final byte[] LFS_POINTER = "version ".getBytes(StandardCharsets.US_ASCII);

  private final String fileName;
  private final FileChannel channel;
  private final NavigableMap<String, TensorEntry> tensors;
  private final Map<String, String> metadata;

  private SafetensorsFile(String fileName, FileChannel channel) throws IOException {
    this.fileName = fileName;
    this.channel = channel;
    long fileSize = channel.size();
    long headerSize = headerSize(fileSize);
    ByteBuffer json = ByteBuffer.allocate((int) headerSize);
    readFully(json, Long.BYTES);
    Map<String, Object> header = Json.parseObject(json.flip(), fileName + ": header");
    var parser = new SafetensorsHeader(fileName, Long.BYTES + headerSize, fileSize);
    this.metadata = Collections.unmodifiableMap(parser.metadata(header));
    this.tensors = Collections.unmodifiableNavigableMap(parser.tensors(header));
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws CheckpointException if there is no such file, or its header doesn't describe it
   */
  public static SafetensorsFile open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(file + ": file expected, got none; check the path");
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    boolean opened = false;
    try {
      var result = new SafetensorsFile(nameOf(file), channel);
      opened = true;
      return result;
    } finally {
      if (!opened) {
        channel.close();
      }
    }
  }

  /** Every tensor in the file by name, sorted; unmodifiable. */
  public NavigableMap<String, TensorEntry> tensors() {
    return tensors;
  }

  /** The header's free text, such as {@code format -> pt}; unmodifiable. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Reads a whole tensor into the buffer's remaining bytes, little-endian.
   *
   * @throws CheckpointException if the file has no such tensor or it is of an unknown type
   * @throws IllegalArgumentException if the buffer's remaining bytes are not the tensor's
   */
  public void read(String name, ByteBuffer into) throws IOException {
    long byteSize = require(name).byteSize();
    if (into.remaining() != byteSize) {
      throw new IllegalArgumentException(
          "%s: buffer for tensor %s expected %d bytes, got %d"
              .formatted(fileName, name, byteSize, into.remaining()));
    }
    read(name, 0, into);
  }

  /**
   * Fills the buffer's remaining bytes from part of a tensor; tensors beyond 2 GB are read this
   * way.
   *
   * @param byteOffset where to start, counted from the tensor's first byte
   * @throws CheckpointException if the file has no such tensor or it is of an unknown type
   * @throws IllegalArgumentException if the part reaches outside the tensor
   */
  public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    TensorEntry entry = require(name);
    if (byteOffset < 0 || byteOffset > entry.byteSize() - into.remaining()) {
      throw new IllegalArgumentException(
          "%s: part of tensor %s expected within its %d bytes, got %d bytes from %d"
              .formatted(fileName, name, entry.byteSize(), into.remaining(), byteOffset));
    }
    readFully(into, entry.begin() + byteOffset);
  }

  /** Closes the file; reading from it afterwards fails. */
  @Override
  public void close() throws IOException {
    channel.close();
  }

  static String nameOf(Path file) {
    @Nullable Path name = file.getFileName();
    return name == null ? file.toString() : name.toString();
  }

  private TensorEntry require(String name) throws CheckpointException {
    @Nullable TensorEntry entry = tensors.get(name);
    if (entry == null) {
      throw new CheckpointException("%s: tensor %s is missing".formatted(fileName, name));
    }
    entry.dtype(); // refuses types nobody could interpret
    return entry;
  }

  private long headerSize(long fileSize) throws IOException {
    if (fileSize < Long.BYTES) {
      throw new CheckpointException(
          "%s: file expected at least 8 bytes, got %d; the file is truncated, copy it again"
              .formatted(fileName, fileSize));
    }
    ByteBuffer prefix = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(prefix, 0);
    if (prefix.flip().equals(ByteBuffer.wrap(LFS_POINTER))) {
      throw new CheckpointException(
          fileName + ": tensors expected, got a Git LFS pointer; run git lfs pull");
    }
    long size = prefix.getLong();
    if (size < 0 || size > MAX_HEADER_BYTES) {
      throw new CheckpointException(
          "%s: header length expected 0 to %d bytes, got %s; the file is not safetensors"
              .formatted(fileName, MAX_HEADER_BYTES, Long.toUnsignedString(size)));
    }
    if (size > fileSize - Long.BYTES) {
      throw new CheckpointException(
          "%s: header ends at byte %d, past the end of the file (%d bytes); %s"
              .formatted(
                  fileName, size + Long.BYTES, fileSize, "the file is truncated, copy it again"));
    }
    return size;
  }

  private void readFully(ByteBuffer into, long position) throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int count = channel.read(into, at);
      if (count < 0) {
        throw new CheckpointException(
            "%s: %d more bytes expected at byte %d, got the end of the file; %s"
                .formatted(fileName, into.remaining(), at, "it changed after it was opened"));
      }
      at += count;
    }
  }
}
