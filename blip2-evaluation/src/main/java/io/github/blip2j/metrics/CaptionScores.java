package io.github.blip2j.metrics;

import java.util.ArrayList;
import java.util.List;

/**
 * The scores of captions: of one image, or of a set.
 *
 * @param bleu BLEU-1 to BLEU-4, from 0 to 1
 * @param cider CIDEr-D, from 0 to 10; the papers' numbers are 100 times as large
 * @param rougeL from 0 to 1
 */
public record CaptionScores(List<Double> bleu, double cider, double rougeL) {
  /** Copies the list. */
  public CaptionScores {
    bleu = List.copyOf(bleu);
  }

  /**
   * Scores of a set of captions, and of each in that set.
   *
   * @param all of the set
   * @param images of each image, in the order given
   */
  public record OfSet(CaptionScores all, List<CaptionScores> images) {
    /** Copies the list. */
    public OfSet {
      images = List.copyOf(images);
    }
  }

  /**
   * Scores captions by all three metrics. METEOR and SPICE, which {@code pycocoevalcap} computes
   * too, are left out: they need Java programs and models that are no libraries.
   *
   * @throws IllegalArgumentException if there is no image
   */
  public static OfSet of(List<CaptionTokens> images) {
    Bleu.Scores bleu = Bleu.of(images);
    Cider.Scores cider = Cider.of(images);
    RougeL.Scores rouge = RougeL.of(images);
    List<CaptionScores> each = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      each.add(
          new CaptionScores(bleu.images().get(i), cider.images().get(i), rouge.images().get(i)));
    }
    return new OfSet(new CaptionScores(bleu.all(), cider.all(), rouge.all()), each);
  }
}
