package io.github.blip2j.tensor;

import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.backend.HostWindow;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;

/** Transfers values between Java arrays, files and tensor memory. */
final class HostData {
  private HostData() {}

  static Tensor of(float[] values, Shape shape) {
    requireCount(values.length, shape);
    Tensor out = Tensor.uninitialized("Tensor.of", DType.FLOAT32, shape);
    HostMemory.put(values, out);
    return out;
  }

  static Tensor of(double[] values, Shape shape) {
    requireCount(values.length, shape);
    Tensor out = Tensor.uninitialized("Tensor.of", DType.FLOAT64, shape);
    HostMemory.put(values, out);
    return out;
  }

  static Tensor of(long[] values, Shape shape) {
    requireCount(values.length, shape);
    Tensor out = Tensor.uninitializedFor(values, "Tensor.of", shape);
    HostMemory.put(values, out);
    return out;
  }

  static Tensor read(String name, DType dtype, Shape shape, ByteSource source) throws IOException {
    Tensor out = Tensor.uninitialized(name, dtype, shape);
    long bytes = out.size() * dtype.byteSize();
    for (long done = 0; done < bytes; done += HostMemory.CHUNK) {
      long count = Math.min(HostMemory.CHUNK, bytes - done);
      try (HostWindow window = HostWindow.writing(out, done, count)) {
        ByteBuffer buffer = window.bytes().order(ByteOrder.LITTLE_ENDIAN);
        source.read(done, buffer);
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
    }
    return out;
  }

  static void write(Tensor tensor, ByteSink sink) throws IOException {
    try (Scope scope = Scope.open()) {
      Tensor dense = ShapeOps.dense(tensor);
      long bytes = dense.size() * dense.dtype().byteSize();
      for (long done = 0; done < bytes; done += HostMemory.CHUNK) {
        long count = Math.min(HostMemory.CHUNK, bytes - done);
        try (HostWindow window = HostWindow.reading(dense, done, count)) {
          sink.write(window.bytes());
        }
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
    try (Scope scope = Scope.open()) {
      return HostMemory.floats(denseAs(tensor, DType.FLOAT32));
    }
  }

  static float[][] toFloatRows(Tensor matrix) {
    matrix.shape().require("toFloatRows", "matrix", Shape.ANY, Shape.ANY);
    try (Scope scope = Scope.open()) {
      return HostMemory.floatRows(denseAs(matrix, DType.FLOAT32));
    }
  }

  static double[] toDoubles(Tensor tensor) {
    try (Scope scope = Scope.open()) {
      return HostMemory.doubles(denseAs(tensor, DType.FLOAT64));
    }
  }

  static long[] toLongs(Tensor tensor) {
    if (tensor.dtype().isFloating()) {
      throw new IllegalArgumentException(
          "toLongs: type expected integers, got " + tensor.dtype() + "; use toDoubles");
    }
    try (Scope scope = Scope.open()) {
      return HostMemory.longs(denseAs(tensor, DType.INT64));
    }
  }

  /** The values of an int64 tensor, not to be changed: without a copy where they are known. */
  static long[] ids(Tensor tensor) {
    long[] known = tensor.hostValues();
    return known == null ? toLongs(tensor) : known;
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
              "Tensor.of: values expected %d for shape %s, got %d",
              shape.size(),
              shape,
              count));
    }
  }
}
