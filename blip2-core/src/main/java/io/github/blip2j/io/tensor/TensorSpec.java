package io.github.blip2j.io.tensor;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;

/**
 * Name, type and shape of a tensor to be written.
 *
 * @param name its name in the checkpoint
 * @param dtype its element type
 * @param shape its axes, outermost first
 */
public record TensorSpec(String name, DType dtype, Shape shape) {

  /** The same tensor under another name. */
  public TensorSpec withName(String value) {
    return new TensorSpec(value, dtype, shape);
  }

  /** Bytes it takes in a file. */
  public long byteSize() {
    return Math.multiplyExact(shape.size(), (long) dtype.byteSize());
  }
}
