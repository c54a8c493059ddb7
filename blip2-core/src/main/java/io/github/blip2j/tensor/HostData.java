package io.github.blip2j.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;

/** Values on their way between Java arrays, files and tensor memory. */
final class HostData {
  private static final long CHUNK = 1L << 26; // a ByteBuffer ends at 2 GiB, and 64 MiB is plenty

  private HostData() {}

  static Tensor of(float[] values, Shape shape) {
    requireCount(values.length, shape);
    Tensor out = Tensor.uninitialized("of", DType.FLOAT32, shape);
    chunks(out, (start, buffer) -> buffer.asFloatBuffer().put(values, start, floats(buffer)));
    return out;
  }

  static Tensor of(double[] values, Shape shape) {
    requireCount(values.length, shape);
    Tensor out = Tensor.uninitialized("of", DType.FLOAT64, shape);
    chunks(out, (start, buffer) -> buffer.asDoubleBuffer().put(values, start, longs(buffer)));
    return out;
  }

  static Tensor of(long[] values, Shape shape) {
    requireCount(values.length, shape);
    Tensor out = Tensor.uninitialized("of", DType.INT64, shape);
    chunks(out, (start, buffer) -> buffer.asLongBuffer().put(values, start, longs(buffer)));
    return out;
  }

  static Tensor read(String name, DType dtype, Shape shape, Tensor.Source source)
      throws IOException {
    Tensor out = Tensor.uninitialized(name, dtype, shape);
    long bytes = out.size() * dtype.byteSize();
    for (long done = 0; done < bytes; done += CHUNK) {
      ByteBuffer buffer = Nd4jArrays.bytes(out.address() + done, Math.min(CHUNK, bytes - done));
      source.read(done, buffer.order(ByteOrder.LITTLE_ENDIAN));
      if (buffer.hasRemaining()) {
        throw new IOException(
            String.format(
                Locale.ROOT,
                "%s: expected %d bytes, got %d",
                name,
                bytes,
                done + buffer.position()));
      }
    }
    return out;
  }

  static void write(Tensor tensor, Tensor.ByteSink sink) throws IOException {
    try (Scope scope = Scope.open()) {
      Tensor dense = ShapeOps.dense(tensor);
      long bytes = dense.size() * dense.dtype().byteSize();
      for (long done = 0; done < bytes; done += CHUNK) {
        sink.write(Nd4jArrays.bytes(dense.address() + done, Math.min(CHUNK, bytes - done)));
      }
    }
  }

  static double item(Tensor tensor) {
    if (tensor.size() != 1) {
      throw new ShapeMismatchException("item: tensor expected one element, got " + tensor.shape());
    }
    return toDoubles(tensor)[0];
  }

  static float[] toFloats(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.size())];
    try (Scope scope = Scope.open()) {
      Tensor dense = denseAs(tensor, DType.FLOAT32);
      chunks(dense, (start, buffer) -> buffer.asFloatBuffer().get(values, start, floats(buffer)));
    }
    return values;
  }

  static double[] toDoubles(Tensor tensor) {
    double[] values = new double[Math.toIntExact(tensor.size())];
    try (Scope scope = Scope.open()) {
      Tensor dense = denseAs(tensor, DType.FLOAT64);
      chunks(dense, (start, buffer) -> buffer.asDoubleBuffer().get(values, start, longs(buffer)));
    }
    return values;
  }

  static long[] toLongs(Tensor tensor) {
    if (tensor.dtype().isFloating()) {
      throw new IllegalArgumentException(
          "toLongs: type expected integers, got " + tensor.dtype() + "; use toDoubles");
    }
    long[] values = new long[Math.toIntExact(tensor.size())];
    try (Scope scope = Scope.open()) {
      Tensor dense = denseAs(tensor, DType.INT64);
      chunks(dense, (start, buffer) -> buffer.asLongBuffer().get(values, start, longs(buffer)));
    }
    return values;
  }

  /** Visits dense memory piece by piece, with the number of elements before each. */
  private static void chunks(Tensor dense, Piece piece) {
    int width = dense.dtype().byteSize();
    long bytes = dense.size() * width;
    for (long done = 0; done < bytes; done += CHUNK) {
      ByteBuffer buffer = Nd4jArrays.bytes(dense.address() + done, Math.min(CHUNK, bytes - done));
      piece.visit(Math.toIntExact(done / width), buffer.order(ByteOrder.nativeOrder()));
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

  private static Tensor denseAs(Tensor tensor, DType type) {
    boolean asItIs = tensor.dtype() == type && tensor.isDense() && tensor.packing() == null;
    return asItIs ? tensor : ShapeOps.copyOf(tensor, type);
  }

  private static void requireCount(int count, Shape shape) {
    if (count != shape.size()) {
      throw new ShapeMismatchException(
          String.format(
              Locale.ROOT,
              "of: values expected %d for shape %s, got %d",
              shape.size(),
              shape,
              count));
    }
  }
}
