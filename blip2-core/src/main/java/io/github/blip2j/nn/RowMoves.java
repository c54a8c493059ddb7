package io.github.blip2j.nn;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The order in which rows of a table become copies of others: a row is overwritten after it has
 * been read, so that each changed row is copied once. Only a ring of rows, of which each becomes
 * the next, needs one copy more, aside.
 */
final class RowMoves {
  /** The place of the copy aside, in {@link Move}. */
  static final int ASIDE = -1;

  /** One copy. */
  record Move(int from, int to) {}

  private final int[] parents;
  private final int[] readers; // of each row, by rows that are still to change
  private final List<Move> moves = new ArrayList<>();

  private RowMoves(int[] parents, int rows) {
    this.parents = parents;
    this.readers = new int[rows];
  }

  /**
   * The copies after which row i is what row {@code parents[i]} was.
   *
   * @param parents below {@code rows}, and at most as many
   */
  static List<Move> of(int[] parents, int rows) {
    var order = new RowMoves(parents, rows);
    order.unread();
    order.rings();
    return order.moves;
  }

  private boolean changes(int row) {
    return row < parents.length && parents[row] != row;
  }

  /** Rows that nobody reads, and those that nobody reads once these are copied. */
  private void unread() {
    for (int row = 0; row < parents.length; row++) {
      if (changes(row)) {
        readers[parents[row]]++;
      }
    }
    var ready = new ArrayDeque<Integer>();
    for (int row = 0; row < parents.length; row++) {
      if (changes(row) && readers[row] == 0) {
        ready.add(row);
      }
    }
    while (!ready.isEmpty()) {
      int row = ready.remove();
      int parent = parents[row];
      moves.add(new Move(parent, row));
      readers[parent]--;
      if (readers[parent] == 0 && changes(parent)) {
        ready.add(parent);
      }
    }
  }

  /** What is left are rows with one reader each. */
  private void rings() {
    for (int first = 0; first < parents.length; first++) {
      if (!changes(first) || readers[first] == 0) {
        continue;
      }
      moves.add(new Move(first, ASIDE));
      int row = first;
      while (parents[row] != first) {
        moves.add(new Move(parents[row], row));
        readers[row] = 0;
        row = parents[row];
      }
      moves.add(new Move(ASIDE, row));
      readers[row] = 0;
    }
  }
}
