package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class RowMovesTest {
  @Test
  void of_everyOrderOfFewRows_copiesEachChangedRowOnceAndOneOfEachRing() {
    for (int rows = 1; rows <= 5; rows++) {
      for (int kept = 1; kept <= rows; kept++) {
        int[] parents = new int[kept];
        do {
          check(parents, rows);
        } while (next(parents, rows));
      }
    }
  }

  /** A chain is copied from its end. */
  @Test
  void of_beamsThatContinueEarlierOnes_needNoCopyAside() {
    assertEquals(
        List.of(new RowMoves.Move(1, 3), new RowMoves.Move(2, 4)),
        RowMoves.of(new int[] {0, 0, 1, 1, 2}, 5).subList(0, 2));
    assertEquals(4, RowMoves.of(new int[] {0, 0, 1, 1, 2}, 5).size());
    assertEquals(List.of(), RowMoves.of(new int[] {0, 1, 2}, 3));
    assertEquals(3, RowMoves.of(new int[] {1, 0}, 2).size());
  }

  private static void check(int[] parents, int rows) {
    int[] table = new int[rows];
    Arrays.setAll(table, row -> row);
    int aside = -1;
    int copies = 0;
    for (RowMoves.Move move : RowMoves.of(parents, rows)) {
      int value = move.from() == RowMoves.ASIDE ? aside : table[move.from()];
      if (move.to() == RowMoves.ASIDE) {
        aside = value;
      } else {
        table[move.to()] = value;
      }
      copies++;
    }

    String of = Arrays.toString(parents);
    assertArrayEquals(parents, Arrays.copyOf(table, parents.length), of);
    int changed = 0;
    for (int row = 0; row < parents.length; row++) {
      changed += parents[row] == row ? 0 : 1;
    }
    assertEquals(changed + rings(parents), copies, of);
  }

  /** The number of rings of two rows or more. */
  private static int rings(int[] parents) {
    Set<Set<Integer>> rings = new HashSet<>();
    for (int row = 0; row < parents.length; row++) {
      Set<Integer> ring = new HashSet<>();
      int at = row;
      while (at < parents.length && ring.add(at)) {
        at = parents[at];
      }
      if (at == row && ring.size() > 1) {
        rings.add(ring);
      }
    }
    return rings.size();
  }

  /** Counts up. */
  private static boolean next(int[] digits, int base) {
    for (int i = 0; i < digits.length; i++) {
      digits[i]++;
      if (digits[i] < base) {
        return true;
      }
      digits[i] = 0;
    }
    return false;
  }
}
