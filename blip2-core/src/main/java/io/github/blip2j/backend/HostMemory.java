package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/** Access to tensor memory from Java. */
public final class HostMemory {
  public static final long CHUNK = 1L << 26; // a ByteBuffer ends at 2 GiB, and 64 MiB is plenty

  static {
    Natives.prepare();
  }

  private HostMemory() {}

  /** A byte view of memory, at most 2 GiB of it. */
  public static ByteBuffer bytes(long address, long count) {
    return new BytePointer(new Place(address, count)).asByteBuffer();
  }

  /** The next {@link #CHUNK} of dense memory, or less at its end. */
  public static ByteBuffer chunk(RawTensor dense, long done, long bytes) {
    return bytes(dense.address() + done, Math.min(CHUNK, bytes - done));
  }

  /** Fills dense float32 memory. */
  public static void put(float[] values, RawTensor out) {
    pieces(out, (start, buffer) -> buffer.asFloatBuffer().put(values, start, floats(buffer)));
  }

  /** Fills dense float64 memory. */
  public static void put(double[] values, RawTensor out) {
    pieces(out, (start, buffer) -> buffer.asDoubleBuffer().put(values, start, longs(buffer)));
  }

  /** Fills dense int64 memory. */
  public static void put(long[] values, RawTensor out) {
    pieces(out, (start, buffer) -> buffer.asLongBuffer().put(values, start, longs(buffer)));
  }

  /** The values of dense float32 memory. */
  public static float[] floats(RawTensor dense) {
    float[] values = new float[dense.shape().arrayLength("values")];
    pieces(dense, (start, buffer) -> buffer.asFloatBuffer().get(values, start, floats(buffer)));
    return values;
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
    pieces(dense, (start, buffer) -> buffer.asDoubleBuffer().get(values, start, longs(buffer)));
    return values;
  }

  /** The values of dense int64 memory. */
  public static long[] longs(RawTensor dense) {
    long[] values = new long[dense.shape().arrayLength("values")];
    pieces(dense, (start, buffer) -> buffer.asLongBuffer().get(values, start, longs(buffer)));
    return values;
  }

  /** Visits dense memory piece by piece, with the number of elements before each. */
  private static void pieces(RawTensor dense, Piece piece) {
    int width = dense.dtype().byteSize();
    long bytes = dense.size() * width;
    for (long done = 0; done < bytes; done += CHUNK) {
      ByteBuffer buffer = chunk(dense, done, bytes).order(ByteOrder.nativeOrder());
      piece.visit(Math.toIntExact(done / width), buffer);
    }
  }

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
  private static final class Place extends Pointer {
    Place(long at, long count) {
      super((Pointer) null);
      address = at;
      limit = count;
      capacity = count;
    }
  }
}
