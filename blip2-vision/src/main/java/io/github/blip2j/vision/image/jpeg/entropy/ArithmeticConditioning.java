package io.github.blip2j.vision.image.jpeg.entropy;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;

/** How coefficients condition the statistics of arithmetic coding (ITU-T T.81, section B.2.4.3). */
public final class ArithmeticConditioning {
  public static final int TABLES = 16;
  private static final int DEFAULT_UPPER = 1;
  private static final int DEFAULT_BORDER = 5;

  private final int[] lower = new int[TABLES];
  private final int[] upper = new int[TABLES];
  private final int[] border = new int[TABLES];

  public void reset() {
    Arrays.fill(lower, 0);
    Arrays.fill(upper, DEFAULT_UPPER);
    Arrays.fill(border, DEFAULT_BORDER);
  }

  public void read(JpegInput input) throws IOException {
    int left = input.u16() - 2;
    while (left > 0) {
      int index = input.u8();
      int value = input.u8();
      left -= 2;
      if (index >= 2 * TABLES) {
        throw new IOException("arithmetic conditioning " + index);
      }
      if (index >= TABLES) {
        border[index - TABLES] = value;
      } else {
        lower[index] = value & 15;
        upper[index] = value >> 4;
        if (lower[index] > upper[index]) {
          throw new IOException(
              String.format(
                  Locale.ROOT,
                  "arithmetic conditioning from %d to %d",
                  lower[index],
                  upper[index]));
        }
      }
    }
    if (left != 0) {
      throw new IOException("arithmetic conditioning of wrong length");
    }
  }

  /** Up to which a difference of DC coefficients counts as none, as an exponent: L. */
  public int lower(int table) {
    return lower[table];
  }

  /** Up to which a difference of DC coefficients counts as small, as an exponent: U. */
  public int upper(int table) {
    return upper[table];
  }

  /** The last AC coefficient that counts as low, Kx. */
  public int border(int table) {
    return border[table];
  }
}
