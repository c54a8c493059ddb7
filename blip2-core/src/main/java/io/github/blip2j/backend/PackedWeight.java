package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;

/**
 * A prepacked weight: the matrix [N, K] of a linear map in the layout that its kernels multiply
 * fastest.
 *
 * <p>A packed tensor has type float32: linear maps use it as it is, lookups unpack the requested
 * rows, and all other operations use an unpacked copy. Only its provider knows the layout, so its
 * address is not exposed: asking for it is an error. Frozen models are packed once, when they are
 * loaded; trained weights stay unpacked, because they would have to be packed again in every step.
 */
public abstract class PackedWeight {
  /** The main use of a weight, which may decide which layout is fastest. */
  public enum Use {
    /** Prefill: products of hundreds of rows, such as an image's patches. */
    PREFILL,
    /** Decoding: products of one row or a few, such as token by token generation. */
    DECODE
  }

  private final RawTensor bytes;
  private final Shape shape;

  /**
   * A packed matrix.
   *
   * @param bytes its memory, plain and of any type; it belongs to the owner of the packed tensor
   * @param shape [N, K]
   */
  protected PackedWeight(RawTensor bytes, Shape shape) {
    this.bytes = bytes;
    this.shape = shape;
  }

  /** The memory, in this packing's own layout. */
  protected final RawTensor bytes() {
    return bytes;
  }

  /** [N, K]. */
  public final Shape shape() {
    return shape;
  }

  /**
   * The type that its products read. Values between two maps may be stored in it, because they
   * would be rounded to it anyway. Float32, or bfloat16 if the CPU multiplies that.
   */
  public DType input() {
    return DType.FLOAT32;
  }

  /** The stored precision. */
  public abstract Precision precision();

  /**
   * Unpacks rows {@code first}, {@code first + 1}, ...
   *
   * @param out dense, [rows, K], float32; for the whole of a bfloat16 matrix also bfloat16
   */
  public abstract void unpack(long first, RawTensor out);
}
