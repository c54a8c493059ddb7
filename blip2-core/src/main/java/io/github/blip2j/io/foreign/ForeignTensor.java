package io.github.blip2j.io.foreign;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Locale;

/**
 * A float32 tensor of another framework, in memory.
 *
 * @param shape its axes, outermost first
 * @param values its numbers, row by row
 */
public record ForeignTensor(Shape shape, FloatBuffer values) {
  /** The numbers from the start, in a buffer of its own. */
  @Override
  public FloatBuffer values() {
    return values.duplicate().rewind();
  }

  /**
   * A tensor of raw little-endian bytes.
   *
   * @throws CheckpointException if their number is not that of the shape
   */
  static ForeignTensor of(String where, long[] dims, ByteBuffer bytes) throws CheckpointException {
    for (long dim : dims) {
      if (dim < 0 || dim > Integer.MAX_VALUE) {
        throw new CheckpointException(where + ": axis expected from 0 to 2^31 - 1, got " + dim);
      }
    }
    long size = 1;
    for (long dim : dims) {
      size = Math.min(size * dim, Integer.MAX_VALUE); // more than a buffer has
    }
    if (size * Float.BYTES != bytes.remaining()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %d numbers of float32 expected, got %d bytes",
              where,
              size,
              bytes.remaining()));
    }
    var values = bytes.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    return new ForeignTensor(Shape.of(dims), values);
  }

  /**
   * The transposed matrix, in new memory. PyTorch stores a dense layer's weight as [out, in], ONNX
   * and TensorFlow as [in, out].
   *
   * @throws IllegalArgumentException if this is no matrix
   */
  public ForeignTensor transposed() {
    shape.require("transpose", "matrix", Shape.ANY, Shape.ANY);
    int rows = Math.toIntExact(shape.dim(0));
    int columns = Math.toIntExact(shape.dim(1));
    float[] turned = new float[rows * columns];
    FloatBuffer read = values();
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        turned[c * rows + r] = read.get();
      }
    }
    return new ForeignTensor(Shape.of(columns, rows), FloatBuffer.wrap(turned));
  }
}
