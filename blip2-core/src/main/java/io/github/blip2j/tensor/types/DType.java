package io.github.blip2j.tensor.types;

/** What one element of a tensor is, named as checkpoints name it. */
public enum DType {
  /** IEEE 754 double precision; gradient checks compute in it. */
  FLOAT64("F64", 8, true),
  /** IEEE 754 single precision, the type of every computation by default. */
  FLOAT32("F32", 4, true),
  /** IEEE 754 half precision; storage only. */
  FLOAT16("F16", 2, true),
  /** The upper half of a float32; storage only. */
  BFLOAT16("BF16", 2, true),
  /** Token ids, positions, labels. */
  INT64("I64", 8, false),
  /** 32-bit integers; storage only. */
  INT32("I32", 4, false),
  /** Bytes without a sign: pixels; storage only. */
  UINT8("U8", 1, false),
  /** Bytes with a sign: quantised weights; storage only. */
  INT8("I8", 1, false),
  /** Truth values, one byte each; storage only. */
  BOOL("BOOL", 1, false);

  private final String safetensorsName;
  private final int byteSize;
  private final boolean floating;

  DType(String safetensorsName, int byteSize, boolean floating) {
    this.safetensorsName = safetensorsName;
    this.byteSize = byteSize;
    this.floating = floating;
  }

  /** The name in a safetensors header, such as {@code "BF16"}. */
  public String safetensorsName() {
    return safetensorsName;
  }

  /** Bytes of one element. */
  public int byteSize() {
    return byteSize;
  }

  /** Whether elements are real numbers, and so may carry a gradient. */
  public boolean isFloating() {
    return floating;
  }

  /**
   * Bytes of so many elements.
   *
   * @throws IllegalArgumentException if no memory has as many, naming {@code where}
   */
  public long bytes(Shape shape, String where) {
    try {
      return Math.multiplyExact(shape.size(), byteSize);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          where + ": " + this + " tensor expected to fit in memory, got shape " + shape, e);
    }
  }
}
