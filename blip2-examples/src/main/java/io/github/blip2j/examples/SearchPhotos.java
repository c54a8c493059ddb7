package io.github.blip2j.examples;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.search.IndexListener;
import io.github.blip2j.search.IndexOptions;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.search.PhotoHit;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.PhotoQuery;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Finds photos by a description, in an index that stays on disk: {@code SearchPhotos MODEL FOLDER
 * INDEX TEXT}.
 */
public final class SearchPhotos {
  private SearchPhotos() {}

  /** Brings the index to the state of the folder, and prints the three best photos. */
  public static void main(String[] args) throws IOException {
    Path model = Path.of(args[0]);
    try (var matcher = ImageTextMatcher.load(model)) {
      var embedder = MatcherEmbedder.of(matcher, List.of(model));
      PhotoIndex index = PhotoIndex.openOrCreate(Path.of(args[2]), embedder.model());
      index.update(Path.of(args[1]), embedder, IndexOptions.defaults(), IndexListener.NONE);
      for (PhotoHit hit : index.search(PhotoQuery.text(args[3]).top(3), embedder)) {
        Path file = hit.photo().path();
        System.out.printf(Locale.ROOT, "%.3f %s%n", hit.similarity(), file.getFileName());
      }
    }
  }
}
