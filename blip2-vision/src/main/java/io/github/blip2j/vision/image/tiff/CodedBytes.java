package io.github.blip2j.vision.image.tiff;

/** The compressed bytes of one strip or tile, {@code from} to {@code to} in an array. */
final class CodedBytes {
  private final byte[] bytes;
  private final int from;
  private final int to;

  CodedBytes(byte[] bytes, int from, int to) {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
  }

  byte[] bytes() {
    return bytes;
  }

  int from() {
    return from;
  }

  int to() {
    return to;
  }

  int length() {
    return to - from;
  }
}
