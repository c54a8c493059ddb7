package io.github.blip2j.vision.image.webp.lossy;

/**
 * Transforms coefficients to pixel differences (RFC 6386, section 14), in libwebp's integer
 * arithmetic.
 */
final class InverseTransform {
  // sqrt(2) cos(pi / 8) - 1 and sqrt(2) sin(pi / 8), in 1/65536.
  private static final int COSINE = 20091;
  private static final int SINE = 35468;

  private InverseTransform() {}

  /**
   * The Walsh-Hadamard transform: writes the first coefficient of 16 blocks into {@code blocks}.
   */
  static void spreadMeans(short[] means, short[] blocks) {
    int[] half = new int[16];
    for (int i = 0; i < 4; i++) {
      int a0 = means[i] + means[12 + i];
      int a1 = means[4 + i] + means[8 + i];
      int a2 = means[4 + i] - means[8 + i];
      int a3 = means[i] - means[12 + i];
      half[i] = a0 + a1;
      half[4 + i] = a3 + a2;
      half[8 + i] = a0 - a1;
      half[12 + i] = a3 - a2;
    }
    for (int i = 0; i < 16; i += 4) {
      int rounded = half[i] + 3;
      int a0 = rounded + half[i + 3];
      int a1 = half[i + 1] + half[i + 2];
      int a2 = half[i + 1] - half[i + 2];
      int a3 = rounded - half[i + 3];
      blocks[16 * i] = (short) ((a0 + a1) >> 3);
      blocks[16 * i + 16] = (short) ((a3 + a2) >> 3);
      blocks[16 * i + 32] = (short) ((a0 - a1) >> 3);
      blocks[16 * i + 48] = (short) ((a3 - a2) >> 3);
    }
  }

  /** Adds a block that has only its first coefficient to 4x4 pixels at {@code at}. */
  static void addFlat(int coefficient, byte[] pixels, int at, int stride) {
    int difference = (coefficient + 4) >> 3;
    for (int row = at; row < at + 4 * stride; row += stride) {
      add(pixels, row, difference);
      add(pixels, row + 1, difference);
      add(pixels, row + 2, difference);
      add(pixels, row + 3, difference);
    }
  }

  /** Adds a block that has only its coefficients 0, 1 and 4 to 4x4 pixels at {@code at}. */
  static void addCorner(short[] in, int from, byte[] pixels, int at, int stride) {
    int mean = in[from] + 4;
    int small = sine(in[from + 4]);
    int large = cosine(in[from + 4]);
    int across = in[from + 1];
    addCornerRow(mean + large, across, pixels, at);
    addCornerRow(mean + small, across, pixels, at + stride);
    addCornerRow(mean - small, across, pixels, at + 2 * stride);
    addCornerRow(mean - large, across, pixels, at + 3 * stride);
  }

  private static void addCornerRow(int mean, int across, byte[] pixels, int at) {
    int small = sine(across);
    int large = cosine(across);
    add(pixels, at, (mean + large) >> 3);
    add(pixels, at + 1, (mean + small) >> 3);
    add(pixels, at + 2, (mean - small) >> 3);
    add(pixels, at + 3, (mean - large) >> 3);
  }

  /**
   * The cosine transform: adds the block at {@code from} to 4x4 pixels at {@code at}. Sums beyond
   * 16 bits, as in damaged images, wrap as in libwebp on x86.
   */
  static void add(short[] in, int from, byte[] pixels, int at, int stride) {
    // Columns first; each variable is named by its column and row.
    int even = in[from] + in[from + 8];
    int odd = in[from] - in[from + 8];
    int small = sine(in[from + 4]) - cosine(in[from + 12]);
    int large = cosine(in[from + 4]) + sine(in[from + 12]);
    short c00 = (short) (even + large);
    short c01 = (short) (odd + small);
    short c02 = (short) (odd - small);
    short c03 = (short) (even - large);
    even = in[from + 1] + in[from + 9];
    odd = in[from + 1] - in[from + 9];
    small = sine(in[from + 5]) - cosine(in[from + 13]);
    large = cosine(in[from + 5]) + sine(in[from + 13]);
    short c10 = (short) (even + large);
    short c11 = (short) (odd + small);
    short c12 = (short) (odd - small);
    short c13 = (short) (even - large);
    even = in[from + 2] + in[from + 10];
    odd = in[from + 2] - in[from + 10];
    small = sine(in[from + 6]) - cosine(in[from + 14]);
    large = cosine(in[from + 6]) + sine(in[from + 14]);
    short c20 = (short) (even + large);
    short c21 = (short) (odd + small);
    short c22 = (short) (odd - small);
    short c23 = (short) (even - large);
    even = in[from + 3] + in[from + 11];
    odd = in[from + 3] - in[from + 11];
    small = sine(in[from + 7]) - cosine(in[from + 15]);
    large = cosine(in[from + 7]) + sine(in[from + 15]);
    short c30 = (short) (even + large);
    short c31 = (short) (odd + small);
    short c32 = (short) (odd - small);
    short c33 = (short) (even - large);
    addRow(c00, c10, c20, c30, pixels, at);
    addRow(c01, c11, c21, c31, pixels, at + stride);
    addRow(c02, c12, c22, c32, pixels, at + 2 * stride);
    addRow(c03, c13, c23, c33, pixels, at + 3 * stride);
  }

  private static void addRow(short c0, short c1, short c2, short c3, byte[] pixels, int at) {
    int even = c0 + 4 + c2;
    int odd = c0 + 4 - c2;
    int small = sine(c1) - cosine(c3);
    int large = cosine(c1) + sine(c3);
    add(pixels, at, (short) (even + large) >> 3);
    add(pixels, at + 1, (short) (odd + small) >> 3);
    add(pixels, at + 2, (short) (odd - small) >> 3);
    add(pixels, at + 3, (short) (even - large) >> 3);
  }

  private static void add(byte[] pixels, int at, int difference) {
    int sum = (pixels[at] & 0xFF) + difference;
    pixels[at] = (byte) ((sum & ~0xFF) == 0 ? sum : sum < 0 ? 0 : 255);
  }

  private static int cosine(int value) {
    return ((value * COSINE) >> 16) + value;
  }

  private static int sine(int value) {
    return (value * SINE) >> 16;
  }
}
