package io.github.blip2j.vision.image.jpeg.entropy;

/** The coding order of coefficients (ITU-T T.81, figure 5). */
public final class ZigZag {
  /** A run may end up to 15 beyond the last coefficient; libjpeg writes those to the last. */
  private static final int BEYOND = 16;

  private static final byte[] NATURAL = order();

  private ZigZag() {}

  /** The index of coefficient {@code k} in a block, {@code 8 * row + column}. */
  public static int natural(int k) {
    return NATURAL[k];
  }

  private static byte[] order() {
    byte[] order = new byte[64 + BEYOND];
    int row = 0;
    int column = 0;
    for (int k = 0; k < 64; k++) {
      order[k] = (byte) (8 * row + column);
      boolean up = (row + column) % 2 == 0;
      int across = up ? column : row; // the coordinate that grows
      if (across == 7) {
        row += up ? 1 : 0;
        column += up ? 0 : 1;
      } else if (up) {
        column++;
        row -= row > 0 ? 1 : 0;
      } else {
        row++;
        column -= column > 0 ? 1 : 0;
      }
    }
    for (int k = 64; k < order.length; k++) {
      order[k] = 63;
    }
    return order;
  }
}
