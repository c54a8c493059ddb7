package io.github.blip2j.metrics;

import java.util.ArrayList;
import java.util.List;

/**
 * ROUGE-L (Lin 2004, section 3), as {@code pycocoevalcap} 1.2 computes it: with β = 1.2, and with
 * the best precision and the best recall taken separately over the references. A text is split at
 * each blank, so an empty caption is one empty word.
 */
public final class RougeL {
  private static final double BETA = 1.2;

  private RougeL() {}

  /**
   * The scores, within 0 and 1.
   *
   * @param all the mean over the images
   * @param images of each image
   */
  public record Scores(double all, List<Double> images) {
    /** Copies the list. */
    public Scores {
      images = List.copyOf(images);
    }
  }

  /**
   * Scores captions.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Scores of(List<CaptionTokens> images) {
    CaptionTokens.requireAny("rouge-l", images);
    List<Double> scores = new ArrayList<>();
    for (CaptionTokens image : images) {
      scores.add(score(image));
    }
    return new Scores(scores.stream().mapToDouble(Double::doubleValue).average().orElse(0), scores);
  }

  private static double score(CaptionTokens image) {
    String[] caption = image.caption().split(" ", -1);
    double precision = 0;
    double recall = 0;
    for (String text : image.references()) {
      String[] reference = text.split(" ", -1);
      double common = common(caption, reference);
      precision = Math.max(precision, common / caption.length);
      recall = Math.max(recall, common / reference.length);
    }
    if (precision == 0 || recall == 0) {
      return 0;
    }
    return (1 + BETA * BETA) * precision * recall / (recall + BETA * BETA * precision);
  }

  /** The length of the longest common subsequence. */
  private static int common(String[] one, String[] other) {
    int[] row = new int[other.length + 1];
    for (String word : one) {
      int diagonal = 0;
      for (int j = 1; j <= other.length; j++) {
        int above = row[j];
        row[j] = word.equals(other[j - 1]) ? diagonal + 1 : Math.max(above, row[j - 1]);
        diagonal = above;
      }
    }
    return row[other.length];
  }
}
