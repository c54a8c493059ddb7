package io.github.blip2j.text;

import java.util.Locale;

/** The size of an array with a number for each token of each text. */
public final class TokenGrid {
  private TokenGrid() {}

  /**
   * The number of elements.
   *
   * @param where the beginning of messages
   * @param rows texts
   * @param columns tokens of each, with its padding
   * @throws IllegalArgumentException if an array cannot hold so many
   */
  public static int size(String where, long rows, long columns) {
    long high = Math.multiplyHigh(rows, columns);
    long size = rows * columns;
    if (high != 0 || size < 0 || size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: texts times tokens expected at most %d, got %d times %d; take fewer or shorter"
                  + " ones at once",
              where,
              Integer.MAX_VALUE,
              rows,
              columns));
    }
    return (int) size;
  }
}
