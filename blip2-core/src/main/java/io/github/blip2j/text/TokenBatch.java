package io.github.blip2j.text;

import java.util.Arrays;
import java.util.List;

/**
 * Token rows of different lengths as one rectangle.
 *
 * <pre>{@code
 * ids   [B, T]  padId where a row has no token
 * mask  [B, T]  1 for a token, 0 for padding
 * }</pre>
 */
public final class TokenBatch {
  private final int[][] ids;
  private final int[] lengths;
  private final int length;
  private final Side side;

  private TokenBatch(int[][] ids, int[] lengths, int length, Side side) {
    this.ids = ids;
    this.lengths = lengths;
    this.length = length;
    this.side = side;
  }

  /**
   * Pads every row to the longest.
   *
   * @param side where padding goes; decoders that continue a prompt need {@link Side#LEFT}
   * @throws IllegalArgumentException if there are no rows
   */
  public static TokenBatch pad(List<int[]> rows, int padId, Side side) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("pad: rows expected 1 or more, got 0");
    }
    int[] lengths = rows.stream().mapToInt(row -> row.length).toArray();
    int length = Arrays.stream(lengths).max().orElseThrow();
    int[][] ids = new int[lengths.length][length];
    for (int i = 0; i < ids.length; i++) {
      Arrays.fill(ids[i], padId);
      System.arraycopy(rows.get(i), 0, ids[i], start(length, lengths[i], side), lengths[i]);
    }
    return new TokenBatch(ids, lengths, length, side);
  }

  /** Number of rows, B. */
  public int rows() {
    return ids.length;
  }

  /** Length of every row with its padding, T. */
  public int length() {
    return length;
  }

  /** Tokens of a row without its padding. */
  public int lengthOf(int row) {
    return lengths[row];
  }

  /** The side of the padding. */
  public Side side() {
    return side;
  }

  /** A copy of the ids, row after row: [B * T]. */
  public int[] ids() {
    return Arrays.stream(ids).flatMapToInt(Arrays::stream).toArray();
  }

  /** 1 where {@link #ids} holds a token, 0 where it holds padding: [B * T]. */
  public int[] mask() {
    int[] mask = new int[Math.multiplyExact(ids.length, length)];
    for (int i = 0; i < ids.length; i++) {
      int from = i * length + start(length, lengths[i], side);
      Arrays.fill(mask, from, from + lengths[i], 1);
    }
    return mask;
  }

  private static int start(int length, int rowLength, Side side) {
    return side == Side.LEFT ? length - rowLength : 0;
  }
}
