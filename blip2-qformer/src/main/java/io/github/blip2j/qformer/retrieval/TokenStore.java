package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The vision encoder's output for many images, in a temporary file that {@link #close} removes:
 * float32, [images, N, E]. The operating system caches as much of it as fits.
 */
final class TokenStore implements AutoCloseable {
  /** Writes bytes to a file; tests simulate a full disk here. */
  @FunctionalInterface
  interface Pipe {
    /** Writes some of the bytes, and returns their number. */
    int write(FileChannel file, ByteBuffer bytes, long position) throws IOException;
  }

  private final FileChannel channel;
  private final Pipe pipe;
  private @Nullable Shape image; // [N, E], of the first image
  private int count;

  private TokenStore(FileChannel channel, Pipe pipe) {
    this.channel = channel;
    this.pipe = pipe;
  }

  static TokenStore in(Path folder) throws IOException {
    return in(folder, FileChannel::write);
  }

  static TokenStore in(Path folder, Pipe pipe) throws IOException {
    Path file = Files.createTempFile(folder, "blip2-tokens", ".bin");
    return new TokenStore(
        FileChannel.open(
            file,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE),
        pipe);
  }

  /**
   * Adds images, [B, N, E]; all must have the same shape. A failed call adds none, and can be
   * repeated.
   */
  void add(Tensor images) throws IOException {
    Shape one = image;
    if (one == null) {
      one = Shape.of(images.dim(1), images.dim(2));
      image = one;
    }
    images.shape().require("retrieval", "image", Shape.ANY, one.dim(0), one.dim(1));
    // Not at the end of the file: a full disk may have left half an image there.
    long[] at = {begin(one, count)};
    images.write(
        bytes -> {
          while (bytes.hasRemaining()) {
            at[0] += pipe.write(channel, bytes, at[0]);
          }
        });
    count += Math.toIntExact(images.dim(0));
  }

  int count() {
    return count;
  }

  /** One image, [1, N, E], in the open scope. */
  Tensor read(int index) throws IOException {
    Shape one = image;
    if (one == null) {
      throw new AssertionError("image of an empty store");
    }
    long begin = begin(one, index);
    return Tensor.read(
        "image tokens",
        DType.FLOAT32,
        Shape.of(1, one.dim(0), one.dim(1)),
        (at, into) -> fill(begin + at, into));
  }

  private static long begin(Shape image, int index) {
    return image.size() * DType.FLOAT32.byteSize() * index;
  }

  private void fill(long position, ByteBuffer into) throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int read = channel.read(into, at);
      if (read < 0) {
        throw new EOFException("retrieval: image tokens expected on disk, got the file's end");
      }
      at += read;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
