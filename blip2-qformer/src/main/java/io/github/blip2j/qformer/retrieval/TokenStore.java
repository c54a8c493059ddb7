package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * What is computed of many images, in a file: float32, [images, N, E], such as the vision encoder's
 * output. The operating system caches as much of it as fits. The file is a temporary one that
 * {@link #close} removes, or one that stays, so that a later run goes on with it.
 *
 * <pre>
 * header    magic, id of the work, N, E
 * image     N * E floats, and their CRC-32: an image that was not written whole is written again
 * </pre>
 */
final class TokenStore implements AutoCloseable {
  private static final byte[] MAGIC = "blip2j.1".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = 64;
  private static final int ID = 40; // bytes of it in the header
  private static final int SUM = 8;

  /** Writes bytes to a file; tests simulate a full disk here. */
  @FunctionalInterface
  interface Pipe {
    /** Writes some of the bytes, and returns their number. */
    int write(FileChannel file, ByteBuffer bytes, long position) throws IOException;
  }

  private final FileChannel channel;
  private final Pipe pipe;
  private final byte[] id;
  private @Nullable Shape image; // [N, E], of the first image
  private int count;

  private TokenStore(FileChannel channel, Pipe pipe, String id) {
    this.channel = channel;
    this.pipe = pipe;
    this.id = Arrays.copyOf(id.getBytes(StandardCharsets.UTF_8), ID);
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
        pipe,
        "");
  }

  /**
   * A file that stays, with the images that earlier work of the same id wrote whole. What other
   * work wrote is overwritten.
   */
  static TokenStore at(Path file, String id) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    var store = new TokenStore(channel, FileChannel::write, id);
    boolean read = false;
    try {
      store.restore();
      read = true;
      return store;
    } finally {
      if (!read) {
        channel.close();
      }
    }
  }

  private void restore() throws IOException {
    ByteBuffer header = bytes(HEADER);
    if (channel.size() >= HEADER) {
      fill(0, header);
      int N = header.getInt(HEADER - 2 * Integer.BYTES);
      int E = header.getInt(HEADER - Integer.BYTES);
      if (N > 0 && E > 0 && header(N, E).equals(header.flip())) {
        image = Shape.of(N, E);
        restore(image);
        return;
      }
    }
    channel.truncate(0); // images of other work
  }

  private void restore(Shape one) throws IOException {
    int length = Math.toIntExact(one.size() * DType.FLOAT32.byteSize());
    ByteBuffer record = bytes(length + SUM);
    var sum = new CRC32();
    while (begin(one, count + 1) <= channel.size()) {
      fill(begin(one, count), record.clear());
      sum.reset();
      sum.update(record.slice(0, length));
      if (record.getLong(length) != sum.getValue()) {
        return;
      }
      count++;
    }
  }

  private ByteBuffer header(int N, int E) {
    return bytes(HEADER)
        .put(MAGIC)
        .put(id)
        .position(HEADER - 2 * Integer.BYTES)
        .putInt(N)
        .putInt(E)
        .flip();
  }

  private static ByteBuffer bytes(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Adds images, [B, N, E]; all must have the same shape. A failed call adds none, and can be
   * repeated.
   */
  void add(Tensor images) throws IOException {
    Shape one = image;
    if (one == null) {
      one = Shape.of(images.dim(1), images.dim(2));
      write(header(Math.toIntExact(one.dim(0)), Math.toIntExact(one.dim(1))), 0);
      image = one;
    }
    images.shape().require("retrieval", "image", Shape.ANY, one.dim(0), one.dim(1));
    int B = Math.toIntExact(images.dim(0));
    for (int b = 0; b < B; b++) {
      // Not at the end of the file: a full disk may have left half an image there.
      write(images.narrow(0, b, 1), begin(one, count + b));
    }
    count += B;
  }

  private void write(Tensor one, long begin) throws IOException {
    long[] at = {begin};
    var sum = new CRC32();
    one.write(
        bytes -> {
          sum.update(bytes.duplicate());
          at[0] += write(bytes, at[0]);
        });
    write(bytes(SUM).putLong(sum.getValue()).flip(), at[0]);
  }

  private long write(ByteBuffer bytes, long begin) throws IOException {
    long at = begin;
    while (bytes.hasRemaining()) {
      at += pipe.write(channel, bytes, at);
    }
    return at - begin;
  }

  int count() {
    return count;
  }

  /** Forgets all images but the first. */
  void keep(int first) {
    count = Math.min(count, first);
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
    return HEADER + (image.size() * DType.FLOAT32.byteSize() + SUM) * index;
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
