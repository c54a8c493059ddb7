package io.github.blip2j.onednn.packed;

import org.bytedeco.dnnl.memory;

/** The range of quantized values in a byte. */
public enum ByteRange {
  /** All of a signed one. */
  EIGHT(memory.data_type.s8, 127, 0, 16),
  /**
   * Unsigned bytes around 64, of which half the range is used: the sum of two products with signed
   * bytes then fits 16 bits.
   */
  SEVEN(memory.data_type.u8, 63, 64, 8);

  private final memory.data_type type;
  private final float largest; // in quantization steps
  private final int zero;
  private final float outlier;

  ByteRange(memory.data_type type, float largest, int zero, float outlier) {
    this.type = type;
    this.largest = largest;
    this.zero = zero;
    this.outlier = outlier;
  }

  /** The type of the bytes. */
  public memory.data_type type() {
    return type;
  }

  /** The largest value, in quantization steps. */
  public float largest() {
    return largest;
  }

  /** The ratio of a row's largest number to its mean beyond which one term is too inexact. */
  public float outlier() {
    return outlier;
  }

  /** The byte that represents zero. */
  public int zero() {
    return zero;
  }

  /** The ratio of the first term's step to the second's; rounding leaves at most half a step. */
  public float second() {
    return 2 * largest;
  }
}
