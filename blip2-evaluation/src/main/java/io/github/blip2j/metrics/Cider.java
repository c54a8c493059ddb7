package io.github.blip2j.metrics;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * CIDEr-D (Vedantam et al. 2015, section 4), as {@code pycocoevalcap} 1.2 computes it under the
 * name of CIDEr: TF-IDF vectors of one to four words, clipped, with a Gaussian of deviation 6 over
 * the difference in length, times 10.
 *
 * <p>The frequencies of words are counted in the references of the images that are scored, so a
 * score depends on the set, and one image alone has 0. The lengths in the Gaussian count pairs of
 * words instead of words, as in the reference.
 */
public final class Cider {
  private static final double DEVIATION = 6;
  private static final int PAIRS = 1; // the order that lengths are counted in

  private final Map<String, Integer> imagesWith = new HashMap<>();
  private final double logImages;

  private Cider(List<List<NGrams>> references) {
    for (List<NGrams> ofImage : references) {
      Set<String> seen = new HashSet<>();
      ofImage.forEach(reference -> seen.addAll(reference.sequences()));
      seen.forEach(sequence -> imagesWith.merge(sequence, 1, Integer::sum));
    }
    logImages = Math.log(references.size());
  }

  /**
   * The scores, from 0 to 10.
   *
   * @param all the mean over the images
   * @param images of each image, in its set
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
    CaptionTokens.requireAny("cider", images);
    List<List<NGrams>> references =
        images.stream().map(image -> image.references().stream().map(NGrams::of).toList()).toList();
    var cider = new Cider(references);
    List<Double> scores = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      scores.add(cider.score(NGrams.of(images.get(i).caption()), references.get(i)));
    }
    return new Scores(scores.stream().mapToDouble(Double::doubleValue).average().orElse(0), scores);
  }

  private double score(NGrams caption, List<NGrams> references) {
    Vector vector = vector(caption);
    double sum = 0;
    for (NGrams reference : references) {
      sum += vector.similarity(vector(reference));
    }
    return 10 * sum / references.size();
  }

  private Vector vector(NGrams text) {
    var vector = new Vector();
    text.counts()
        .forEach(
            (sequence, count) -> {
              int order = NGrams.order(sequence);
              double rarity =
                  logImages - Math.log(Math.max(1, imagesWith.getOrDefault(sequence, 0)));
              vector.add(order, sequence, count * rarity);
              vector.length += order == PAIRS ? count : 0;
            });
    return vector;
  }

  /** Weights of a text's sequences, and its length. */
  private static final class Vector {
    private final Map<String, Double> weights = new HashMap<>();
    private final double[] squares = new double[NGrams.LONGEST];
    private double length;

    void add(int order, String sequence, double weight) {
      weights.put(sequence, weight);
      squares[order] += weight * weight;
    }

    /** The mean over the orders of clipped cosines. */
    double similarity(Vector reference) {
      double[] sums = new double[NGrams.LONGEST];
      weights.forEach(
          (sequence, weight) -> {
            double other = reference.weights.getOrDefault(sequence, 0.0);
            sums[NGrams.order(sequence)] += Math.min(weight, other) * other;
          });
      double difference = length - reference.length;
      double gauss = Math.exp(-difference * difference / (2 * DEVIATION * DEVIATION));
      double mean = 0;
      for (int order = 0; order < NGrams.LONGEST; order++) {
        double norms = Math.sqrt(squares[order]) * Math.sqrt(reference.squares[order]);
        mean += gauss * (norms == 0 ? sums[order] : sums[order] / norms) / NGrams.LONGEST;
      }
      return mean;
    }
  }
}
