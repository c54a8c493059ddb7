package io.github.blip2j.vision.image.jpeg.entropy;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;

/** The conditioning parameters of arithmetic coding (ITU-T T.81, section B.2.4.3). */
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

  /** L: the exponent up to which a difference of DC coefficients counts as zero. */
  public int lower(int table) {
    return lower[table];
  }

  /** U: the exponent up to which a difference of DC coefficients counts as small. */
  public int upper(int table) {
    return upper[table];
  }

  /** Kx: the last AC coefficient that counts as low. */
  public int border(int table) {
    return border[table];
  }
}
