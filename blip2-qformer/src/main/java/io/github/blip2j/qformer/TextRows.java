package io.github.blip2j.qformer;

import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;

/** Text masks: rows of ones for tokens and zeros for padding. */
final class TextRows {
  private TextRows() {}

  /** Checks that there is a row for each sequence and a value for each of its positions. */
  static void require(String where, String what, int[][] keep, long rows, long positions) {
    Shape.of(keep.length).require(where, what + " rows", rows);
    for (int[] row : keep) {
      Shape.of(row.length).require(where, what + " row", positions);
    }
  }

  /**
   * The rows with {@code ones} ones before each, as for text after queries, which are never
   * padding.
   */
  static int[][] afterOnes(int ones, int[][] keep) {
    int[][] longer = new int[keep.length][];
    for (int b = 0; b < keep.length; b++) {
      longer[b] = new int[ones + keep[b].length];
      Arrays.fill(longer[b], 0, ones, 1);
      System.arraycopy(keep[b], 0, longer[b], ones, keep[b].length);
    }
    return longer;
  }

  /** Rows of ones only. */
  static int[][] ones(int rows, int positions) {
    int[][] all = new int[rows][positions];
    for (int[] row : all) {
      Arrays.fill(row, 1);
    }
    return all;
  }
}
