package io.github.blip2j.qformer.retrieval;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The search results in both directions.
 *
 * @param texts for each image its texts
 * @param images for each text its images
 */
public record Rankings(List<Ranking> texts, List<Ranking> images) {
  /** Copies the lists. */
  public Rankings {
    texts = List.copyOf(texts);
    images = List.copyOf(images);
  }

  /**
   * Recall in both directions.
   *
   * @param imageOfText for each text the number of the image that it describes. Of an image's texts
   *     the best placed counts, and an image without texts counts as missed
   * @throws IllegalArgumentException if the list does not fit the texts, or there is no such image
   */
  public RetrievalScores scores(List<Integer> imageOfText) {
    if (imageOfText.size() != images.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "retrieval: images expected for %d texts, got %d",
              images.size(),
              imageOfText.size()));
    }
    int[] best = new int[texts.size()];
    Arrays.fill(best, Integer.MAX_VALUE);
    int[] places = new int[images.size()];
    for (int text = 0; text < places.length; text++) {
      int image = imageOfText.get(text);
      if (image < 0 || image >= best.length) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "retrieval: image of text %d expected within %d, got %d",
                text,
                best.length,
                image));
      }
      places[text] = images.get(text).placeOf(image);
      best[image] = Math.min(best[image], texts.get(image).placeOf(text));
    }
    return new RetrievalScores(Recall.of(best), Recall.of(places));
  }
}
