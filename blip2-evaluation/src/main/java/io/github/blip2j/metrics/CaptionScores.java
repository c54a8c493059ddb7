package io.github.blip2j.metrics;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  /** The scores under the names of pycocoevalcap, and LAVIS's sum of CIDEr and BLEU-4. */
  public Map<String, Double> named() {
    Map<String, Double> named = new LinkedHashMap<>();
    for (int i = 0; i < bleu.size(); i++) {
      named.put("Bleu_" + (i + 1), bleu.get(i));
    }
    named.put("ROUGE_L", rougeL);
    named.put("CIDEr", cider);
    named.put("agg_metrics", cider + bleu.get(bleu.size() - 1));
    return named;
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
