package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;

/**
 * The matrix [N, K] of a linear map in an arrangement that its kernels multiply fastest.
 *
 * <p>A packed tensor reads like a float32 tensor: linear maps take it as it is, lookups unpack the
 * rows they ask for, and everything else works on an unpacked copy. Only its maker knows how it
 * lies, so its address is not exposed: asking for it is an error. Frozen models are packed once,
 * when they are loaded; what is trained stays plain, for it would have to be packed anew at every
 * step.
 */
public abstract class PackedWeight {
  /** What a weight is mostly multiplied by; it may decide which arrangement is fastest. */
  public enum Use {
    /** Hundreds of rows, as an image has patches. */
    PREFILL,
    /** One row or a few, as of a text that is written token by token. */
    DECODE
  }

  private final RawTensor bytes;
  private final Shape shape;

  /**
   * A packed matrix.
   *
   * @param bytes the memory it lies in, plain and of any type; whoever owns the packed tensor owns
   *     it
   * @param shape [N, K]
   */
  protected PackedWeight(RawTensor bytes, Shape shape) {
    this.bytes = bytes;
    this.shape = shape;
  }

  /** The memory, in an order that only this packing knows. */
  protected final RawTensor bytes() {
    return bytes;
  }

  /** [N, K]. */
  public final Shape shape() {
    return shape;
  }

  /**
   * The type that its products read: what lies between two maps may be kept in it, for it would be
   * rounded to it anyway. Float32, or bfloat16 where the CPU multiplies that.
   */
  public DType input() {
    return DType.FLOAT32;
  }

  /** How it is stored. */
  public abstract Precision precision();

  /**
   * Writes rows {@code first}, {@code first + 1}, ...
   *
   * @param out dense, [rows, K], float32; for the whole of a bfloat16 matrix also bfloat16
   */
  public abstract void unpack(long first, RawTensor out);
}
