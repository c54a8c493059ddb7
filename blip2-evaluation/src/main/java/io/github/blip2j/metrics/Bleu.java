package io.github.blip2j.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * BLEU of one to four words (Papineni et al. 2002), as {@code pycocoevalcap} 1.2 computes it:
 * counts are summed over all images, the reference of the closest length counts, of two equally
 * close the shorter, and 1e-15 is added to matches and 1e-9 to guesses.
 */
public final class Bleu {
  private static final double TINY = 1e-15;
  private static final double SMALL = 1e-9;

  private Bleu() {}

  /**
   * The scores, each a list of BLEU-1 to BLEU-4 within 0 and 1.
   *
   * @param all of the images together, which is no mean
   * @param images of each image by itself
   */
  public record Scores(List<Double> all, List<List<Double>> images) {
    /** Copies the lists. */
    public Scores {
      all = List.copyOf(all);
      images = images.stream().map(List::copyOf).toList();
    }
  }

  /**
   * Scores captions.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Scores of(List<CaptionTokens> images) {
    CaptionTokens.requireAny("bleu", images);
    var all = new Counts();
    List<List<Double>> each = new ArrayList<>();
    for (CaptionTokens image : images) {
      Counts counts = Counts.of(image);
      each.add(counts.bleu());
      all.add(counts);
    }
    return new Scores(all.bleu(), each);
  }

  /** Lengths in words, and for each order the guessed and the right sequences. */
  private static final class Counts {
    private long length;
    private long reference;
    private final long[] guessed = new long[NGrams.LONGEST];
    private final long[] right = new long[NGrams.LONGEST];

    static Counts of(CaptionTokens image) {
      NGrams caption = NGrams.of(image.caption());
      List<NGrams> references = image.references().stream().map(NGrams::of).toList();
      var counts = new Counts();
      counts.length = caption.words();
      counts.reference = closest(caption.words(), references);
      for (int order = 0; order < NGrams.LONGEST; order++) {
        counts.guessed[order] = Math.max(0, caption.words() - order);
      }
      for (Map.Entry<String, Integer> sequence : caption.counts().entrySet()) {
        int most = 0;
        for (NGrams other : references) {
          most = Math.max(most, other.counts().getOrDefault(sequence.getKey(), 0));
        }
        counts.right[NGrams.order(sequence.getKey())] += Math.min(most, sequence.getValue());
      }
      return counts;
    }

    private static int closest(int length, List<NGrams> references) {
      int best = Integer.MAX_VALUE;
      for (NGrams each : references) {
        int nearer = Math.abs(each.words() - length) - Math.abs(best - length);
        if (best == Integer.MAX_VALUE || nearer < 0 || (nearer == 0 && each.words() < best)) {
          best = each.words();
        }
      }
      return best;
    }

    void add(Counts other) {
      length += other.length;
      reference += other.reference;
      for (int order = 0; order < NGrams.LONGEST; order++) {
        guessed[order] += other.guessed[order];
        right[order] += other.right[order];
      }
    }

    /** The geometric means of the precisions, less for short captions. */
    List<Double> bleu() {
      double ratio = (length + TINY) / (reference + SMALL);
      double brevity = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
      List<Double> scores = new ArrayList<>();
      double product = 1;
      for (int order = 0; order < NGrams.LONGEST; order++) {
        product *= (right[order] + TINY) / (guessed[order] + SMALL);
        scores.add(Math.pow(product, 1.0 / (order + 1)) * brevity);
      }
      return scores;
    }
  }
}
