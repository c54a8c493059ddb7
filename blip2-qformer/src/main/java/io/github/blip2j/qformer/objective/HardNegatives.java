package io.github.blip2j.qformer.objective;

import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Draws negatives by similarity (Li et al. 2021, ALBEF, section 3.2): the more similar an image is
 * to a text of another image, the likelier it becomes that text's negative.
 *
 * <p>For a pair without any negative, in a batch of one or of equal images, the draw is uniform
 * over all pairs, as in LAVIS; the negative then is a positive.
 */
public enum HardNegatives implements NegativeSampler {
  /** Matching pairs get -10000 before the softmax, as in LAVIS since July 2023. */
  MASKED {
    @Override
    void weigh(double[] row, Pairs pairs, int b) {
      for (int j = 0; j < row.length; j++) {
        if (pairs.match(b, j)) {
          row[j] = HIDDEN;
        }
      }
      softmax(row);
    }
  },
  /**
   * 1e-4 is added after the softmax, and the own pair is set to zero, as in LAVIS before: easy
   * negatives stay possible, and image ids are ignored.
   */
  FLOORED {
    @Override
    void weigh(double[] row, Pairs pairs, int b) {
      softmax(row);
      for (int j = 0; j < row.length; j++) {
        row[j] = j == pairs.first() + b ? 0 : row[j] + FLOOR;
      }
      if (row.length == 1) {
        row[0] = 1;
      }
    }
  };

  private static final double HIDDEN = -10_000;
  private static final double FLOOR = 1e-4;

  /** Turns similarities into unnormalized weights. */
  abstract void weigh(double[] row, Pairs pairs, int b);

  @Override
  public Negatives sample(Similarities similarities, Pairs pairs, RandomGenerator random) {
    int[] images = draw(similarities.textToImage(), pairs, random);
    int[] texts = draw(similarities.imageToText(), pairs, random);
    return Negatives.of(images, texts);
  }

  private int[] draw(Tensor similarity, Pairs pairs, RandomGenerator random) {
    double[] all = similarity.detach().toDoubles();
    double[] chances = new double[pairs.all()]; // one for each pair, whose ever it is
    Arrays.setAll(chances, any -> random.nextDouble());
    int[] drawn = new int[pairs.own()];
    for (int b = 0; b < drawn.length; b++) {
      double[] row = new double[pairs.all()];
      System.arraycopy(all, b * row.length, row, 0, row.length);
      weigh(row, pairs, b);
      drawn[b] = draw(row, chances[pairs.first() + b]);
    }
    return drawn;
  }

  private static int draw(double[] weights, double chance) {
    double sum = 0;
    for (double weight : weights) {
      sum += weight;
    }
    double left = chance * sum;
    int last = 0;
    for (int j = 0; j < weights.length; j++) {
      if (weights[j] > 0) {
        last = j; // rounding may end beyond the last possible pair
        left -= weights[j];
        if (left < 0) {
          return j;
        }
      }
    }
    return last;
  }

  private static void softmax(double[] row) {
    double max = Double.NEGATIVE_INFINITY;
    for (double value : row) {
      max = Math.max(max, value);
    }
    double sum = 0;
    for (int j = 0; j < row.length; j++) {
      row[j] = Math.exp(row[j] - max);
      sum += row[j];
    }
    for (int j = 0; j < row.length; j++) {
      row[j] /= sum;
    }
  }
}
