package io.github.blip2j.io.safetensors;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.GitLfs;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;

/**
 * An open safetensors file: named tensors behind a JSON header (format of {@code
 * github.com/huggingface/safetensors}). Numbers are little-endian.
 *
 * <p>The header is read and checked once; reads are positional, so any number of threads may share
 * one file. Interrupting a thread inside a read closes the file for all of them, as it does for
 * every {@link java.nio.channels.FileChannel}.
 */
public final class SafetensorsFile implements TensorFile {
  private static final long MAX_HEADER_BYTES = 100_000_000; // the limit of Python's reader

  private final ReadableFile file;
  private final NavigableMap<String, TensorEntry> tensors;
  private final Map<String, String> metadata;

  private SafetensorsFile(ReadableFile file) throws IOException {
    this.file = file;
    long headerSize = headerSize(file.size());
    var header = new SafetensorsHeader(file, headerSize);
    this.metadata = Collections.unmodifiableMap(header.metadata());
    this.tensors = Collections.unmodifiableNavigableMap(header.tensors());
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws CheckpointException if there is no such file, or its header is invalid or doesn't match
   *     the file
   */
  public static SafetensorsFile open(Path path) throws IOException {
    ReadableFile file = ReadableFile.open(path);
    try (var opened = new OpenResources()) {
      opened.add(file::close);
      return opened.keep(new SafetensorsFile(file));
    }
  }

  @Override
  public NavigableMap<String, TensorEntry> tensors() {
    return tensors;
  }

  /** The header's metadata, such as {@code format -> pt}; unmodifiable. */
  @Override
  public Map<String, String> metadata() {
    return metadata;
  }

  @Override
  public String name() {
    return file.name();
  }

  @Override
  public void readStored(TensorEntry entry, long byteOffset, ByteBuffer into) throws IOException {
    file.readFully(into, entry.begin() + byteOffset);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private long headerSize(long fileSize) throws IOException {
    if (fileSize < Long.BYTES) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: file expected at least 8 bytes, got %d; the file is truncated, copy it again",
              file.name(),
              fileSize));
    }
    ByteBuffer prefix = file.bytes(0, Long.BYTES);
    GitLfs.requireNone(prefix, file.name(), "tensors");
    long size = prefix.getLong();
    if (size < 0 || size > MAX_HEADER_BYTES) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: header length expected 0 to %d bytes, got %s; the file is not safetensors",
              file.name(),
              MAX_HEADER_BYTES,
              Long.toUnsignedString(size)));
    }
    if (size > fileSize - Long.BYTES) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: header ends at byte %d, past the end of the file (%d bytes); %s",
              file.name(),
              size + Long.BYTES,
              fileSize,
              "the file is truncated, copy it again"));
    }
    return size;
  }
}
