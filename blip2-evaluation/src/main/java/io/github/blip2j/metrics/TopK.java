package io.github.blip2j.metrics;

import java.util.List;

/**
 * Accuracy of classification in percent.
 *
 * @param top1 how often the best class is the right one
 * @param top5 how often the right one is among the best five
 */
public record TopK(double top1, double top5) {
  private static final int FEW = 5;

  /**
   * From the place of the right class of each image, counted from 0.
   *
   * @throws IllegalArgumentException if there is no image
   */
  public static TopK of(List<Integer> places) {
    CaptionTokens.requireAny("classification", places);
    return new TopK(within(1, places), within(FEW, places));
  }

  private static double within(int most, List<Integer> places) {
    return 100.0 * places.stream().filter(place -> place < most).count() / places.size();
  }
}
