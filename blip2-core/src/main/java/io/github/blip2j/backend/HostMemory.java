package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Locale;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** Access from Java to tensor memory: transfers for any backend, and views of the host's memory. */
public final class HostMemory {
  public static final long CHUNK = 1L << 26; // a ByteBuffer ends at 2 GiB, and 64 MiB is plenty

  private static final int TAG = 56; // addresses of programs on every 64-bit CPU are below 2^56

  static {
    Natives.prepare();
  }

  private HostMemory() {}

  /**
   * A byte view of the host's memory, at most 2 GiB of it, for kernels on the host; see {@link
   * RawTensor#hostAddress}. Anything else opens a {@link HostWindow}.
   *
   * @throws IllegalStateException if no memory of this machine has such an address
   */
  public static ByteBuffer bytes(long address, long count) {
    if (address >>> TAG != 0) {
      throw new IllegalStateException(
          "host: address expected of this machine's memory, got 0x"
              + Long.toHexString(address)
              + " of a device; read it through a HostWindow");
    }
    return new BytePointer(new Place(address, count)).asByteBuffer();
  }

  /**
   * A dense tensor on the bytes of a direct buffer, such as a mapped file, from its position on. It
   * is on the host, keeps the buffer, and is not to be written if the buffer is read-only.
   *
   * @param host a backend that computes in this machine's memory
   * @throws IllegalArgumentException if the backend has another memory, or the buffer is not direct
   *     or too short
   */
  public static RawTensor view(Backend host, ByteBuffer direct, DType dtype, Shape shape) {
    if (!host.memory().isHost()) {
      throw new IllegalArgumentException(
          "host: backend expected on this machine's memory, got " + host.name());
    }
    long bytes = dtype.bytes(shape, "host");
    if (!direct.isDirect() || bytes > direct.remaining()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "host: direct buffer of %d bytes expected for %s %s, got %s",
              bytes,
              dtype,
              shape,
              direct));
    }
    ByteBuffer from = direct.slice(); // a pointer's address is that of a buffer's first byte
    return PlainTensor.wrap(host, new Pointer(from).address(), dtype, Layout.dense(shape), from);
  }

  /** Fills dense float32 memory. */
  public static void put(float[] values, RawTensor out) {
    write(out, (start, buffer) -> buffer.asFloatBuffer().put(values, start, floats(buffer)));
  }

  /** Fills dense float64 memory. */
  public static void put(double[] values, RawTensor out) {
    write(out, (start, buffer) -> buffer.asDoubleBuffer().put(values, start, longs(buffer)));
  }

  /** Fills dense int64 memory. */
  public static void put(long[] values, RawTensor out) {
    write(out, (start, buffer) -> buffer.asLongBuffer().put(values, start, longs(buffer)));
  }

  /** The values of dense float32 memory. */
  public static float[] floats(RawTensor dense) {
    float[] values = new float[dense.shape().arrayLength("values")];
    read(dense, (start, buffer) -> buffer.asFloatBuffer().get(values, start, floats(buffer)));
    return values;
  }

  /** The rows of a dense float32 matrix; several in a transfer, and one may be in two. */
  public static float[][] floatRows(RawTensor dense) {
    int columns = Math.toIntExact(dense.dim(1));
    float[][] rows = new float[Math.toIntExact(dense.dim(0))][columns];
    long bytes = dense.size() * Float.BYTES;
    for (long done = 0; done < bytes; done += CHUNK) {
      try (HostWindow window = HostWindow.reading(dense, done, Math.min(CHUNK, bytes - done))) {
        FloatBuffer floats = window.bytes().asFloatBuffer();
        long at = done / Float.BYTES;
        while (floats.hasRemaining()) {
          int column = (int) (at % columns);
          int count = Math.min(columns - column, floats.remaining());
          floats.get(rows[(int) (at / columns)], column, count);
          at += count;
        }
      }
    }
    return rows;
  }

  /** The values of dense float64 memory, or of float32 memory, widened. */
  public static double[] doubles(RawTensor dense) {
    double[] values = new double[dense.shape().arrayLength("values")];
    if (dense.dtype() == DType.FLOAT32) {
      float[] narrow = floats(dense);
      for (int i = 0; i < narrow.length; i++) {
        values[i] = narrow[i];
      }
      return values;
    }
    read(dense, (start, buffer) -> buffer.asDoubleBuffer().get(values, start, longs(buffer)));
    return values;
  }

  /** The values of dense int64 memory. */
  public static long[] longs(RawTensor dense) {
    long[] known = dense.hostValues();
    return known == null ? readLongs(dense) : known.clone();
  }

  private static long[] readLongs(RawTensor dense) {
    long[] values = new long[dense.shape().arrayLength("values")];
    read(dense, (start, buffer) -> buffer.asLongBuffer().get(values, start, longs(buffer)));
    return values;
  }

  /** Copies dense memory to dense memory of the same type and size on another backend. */
  public static void copy(RawTensor source, RawTensor target) {
    long bytes = source.size() * source.dtype().byteSize();
    for (long done = 0; done < bytes; done += CHUNK) {
      long count = Math.min(CHUNK, bytes - done);
      try (HostWindow from = HostWindow.reading(source, done, count);
          HostWindow to = HostWindow.writing(target, done, count)) {
        to.bytes().put(from.bytes());
      }
    }
  }

  private static void read(RawTensor dense, Piece piece) {
    int width = dense.dtype().byteSize();
    long bytes = dense.size() * width;
    for (long done = 0; done < bytes; done += CHUNK) {
      try (HostWindow window = HostWindow.reading(dense, done, Math.min(CHUNK, bytes - done))) {
        piece.visit(Math.toIntExact(done / width), window.bytes());
      }
    }
  }

  private static void write(RawTensor dense, Piece piece) {
    int width = dense.dtype().byteSize();
    long bytes = dense.size() * width;
    for (long done = 0; done < bytes; done += CHUNK) {
      try (HostWindow window = HostWindow.writing(dense, done, Math.min(CHUNK, bytes - done))) {
        piece.visit(Math.toIntExact(done / width), window.bytes());
      }
    }
  }

  /** Visits a piece, with the number of elements before it. */
  private interface Piece {
    void visit(int start, ByteBuffer buffer);
  }

  private static int floats(ByteBuffer buffer) {
    return buffer.remaining() / Float.BYTES;
  }

  private static int longs(ByteBuffer buffer) {
    return buffer.remaining() / Long.BYTES;
  }

  /**
   * An address and a number of bytes for a pointer to copy, because JavaCPP makes no pointer from
   * an address.
   */
  static final class Place extends Pointer {
    Place(long at, long count) {
      super((Pointer) null);
      address = at;
      limit = count;
      capacity = count;
    }
  }
}
