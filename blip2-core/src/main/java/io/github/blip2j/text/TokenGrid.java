package io.github.blip2j.text;

import java.util.Locale;

/** The size of a table of numbers, one for each token of each text, that one array holds. */
public final class TokenGrid {
  private TokenGrid() {}

  /**
   * How many numbers there are.
   *
   * @param where what they are for, as messages begin
   * @param rows texts
   * @param columns tokens of each, with its padding
   * @throws IllegalArgumentException if they are more than an array holds
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
