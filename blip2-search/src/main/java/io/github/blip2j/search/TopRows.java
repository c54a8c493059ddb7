package io.github.blip2j.search;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The rows with the largest scores: a heap whose root is the worst one kept. Of equal scores the
 * earlier row is better.
 */
final class TopRows {
  private final int[] rows;
  private final double[] scores;
  private int size;

  TopRows(int most) {
    rows = new int[most];
    scores = new double[most];
  }

  /** Whether a row with this score, later than all offered ones, would be kept. */
  boolean wants(double score) {
    return size < rows.length || (size > 0 && score > scores[0]);
  }

  void offer(int row, double score) {
    if (size < rows.length) {
      int at = size++;
      set(at, row, score);
      while (at > 0 && worse(at, (at - 1) / 2)) {
        swap(at, (at - 1) / 2);
        at = (at - 1) / 2;
      }
    } else if (size > 0 && (score > scores[0] || (score == scores[0] && row < rows[0]))) {
      set(0, row, score);
      down();
    }
  }

  private void down() {
    for (int at = 0; ; ) {
      int worst = at;
      for (int child = 2 * at + 1; child <= 2 * at + 2 && child < size; child++) {
        worst = worse(child, worst) ? child : worst;
      }
      if (worst == at) {
        return;
      }
      swap(at, worst);
      at = worst;
    }
  }

  /** The rows kept, best first. */
  int[] best() {
    return order().map(i -> rows[i]).toArray();
  }

  /** Their scores, best first. */
  double[] bestScores() {
    return order().mapToDouble(i -> scores[i]).toArray();
  }

  private IntStream order() {
    return IntStream.range(0, size)
        .boxed()
        .sorted(
            Comparator.comparingDouble((Integer i) -> -scores[i]).thenComparingInt(i -> rows[i]))
        .mapToInt(Integer::intValue);
  }

  private boolean worse(int a, int b) {
    return scores[a] < scores[b] || (scores[a] == scores[b] && rows[a] > rows[b]);
  }

  private void set(int at, int row, double score) {
    rows[at] = row;
    scores[at] = score;
  }

  private void swap(int a, int b) {
    int row = rows[a];
    double score = scores[a];
    set(a, rows[b], scores[b]);
    set(b, row, score);
  }
}
