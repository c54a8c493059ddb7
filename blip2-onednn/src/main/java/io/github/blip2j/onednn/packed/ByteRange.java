package io.github.blip2j.onednn.packed;

import org.bytedeco.dnnl.memory;

/** How much of a byte is used. */
public enum ByteRange {
  /** All of a signed one. */
  EIGHT(memory.data_type.s8, 127, 0, 16),
  /**
   * Half of an unsigned one, in steps from its middle: two products with signed bytes then add up
   * to no more than 16 bits hold.
   */
  SEVEN(memory.data_type.u8, 63, 64, 8);

  private final memory.data_type type;
  private final float largest; // in steps
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

  /** The largest number, in steps. */
  public float largest() {
    return largest;
  }

  /** How many times the mean a number may be, before too little is left of the rest. */
  public float outlier() {
    return outlier;
  }

  /** The byte that stands for zero. */
  public int zero() {
    return zero;
  }

  /** How many steps of a second row are one of the first; rounding leaves at most half a one. */
  public float second() {
    return 2 * largest;
  }
}
