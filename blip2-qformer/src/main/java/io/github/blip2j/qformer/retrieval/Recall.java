package io.github.blip2j.qformer.retrieval;

import java.util.Arrays;

/**
 * Recall in percent: how often the right item is among the best.
 *
 * @param at1 in the first place
 * @param at5 among the first five
 * @param at10 among the first ten
 */
public record Recall(double at1, double at5, double at10) {
  /** Recall from the place of the right item in each search, counted from 0. */
  static Recall of(int[] places) {
    return new Recall(within(1, places), within(5, places), within(10, places));
  }

  /** The mean of the three. */
  public double mean() {
    return (at1 + at5 + at10) / 3;
  }

  private static double within(int first, int[] places) {
    long found = Arrays.stream(places).filter(place -> place < first).count();
    return places.length == 0 ? 0 : 100.0 * found / places.length;
  }
}
