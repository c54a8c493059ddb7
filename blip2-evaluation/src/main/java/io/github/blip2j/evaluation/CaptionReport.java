package io.github.blip2j.evaluation;

import io.github.blip2j.evaluation.data.CaptionItem;
import io.github.blip2j.metrics.CaptionScores;
import io.github.blip2j.metrics.CaptionTokens;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Scores of captions.
 *
 * @param all of all images
 * @param images of each image, in the order of the items
 * @param domains of the images of each domain as a set of its own, for NoCaps; otherwise empty
 */
public record CaptionReport(
    CaptionScores all, List<CaptionScores> images, Map<String, CaptionScores> domains) {
  /** Copies list and map. */
  public CaptionReport {
    images = List.copyOf(images);
    domains = Collections.unmodifiableMap(new LinkedHashMap<>(domains));
  }

  /**
   * Scores captions.
   *
   * @param captions one for each item, in the same order
   * @throws IllegalArgumentException if there is no item, an item has no reference, or there are
   *     not as many captions
   */
  public static CaptionReport of(List<CaptionItem> items, List<String> captions) {
    if (captions.size() != items.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "captions: expected one for each of %d images, got %d",
              items.size(),
              captions.size()));
    }
    List<CaptionTokens> tokens = new ArrayList<>();
    Map<String, List<CaptionTokens>> ofDomains = new LinkedHashMap<>();
    for (int i = 0; i < items.size(); i++) {
      CaptionItem item = items.get(i);
      if (item.references().isEmpty()) {
        throw new IllegalArgumentException(
            "image " + item.id() + ": references expected at least 1, got none");
      }
      CaptionTokens pair = CaptionTokens.of(captions.get(i), item.references());
      tokens.add(pair);
      if (item.domain() != null) {
        ofDomains.computeIfAbsent(item.domain(), none -> new ArrayList<>()).add(pair);
      }
    }
    CaptionScores.OfSet scores = CaptionScores.of(tokens);
    Map<String, CaptionScores> domains = new LinkedHashMap<>();
    ofDomains.forEach((domain, some) -> domains.put(domain, CaptionScores.of(some).all()));
    return new CaptionReport(scores.all(), scores.images(), domains);
  }
}
