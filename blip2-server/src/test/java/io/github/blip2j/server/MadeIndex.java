package io.github.blip2j.server;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.search.IndexListener;
import io.github.blip2j.search.IndexOptions;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.search.PhotoIndex;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** An index by the matcher of the tests. */
final class MadeIndex {
  private MadeIndex() {}

  /** Makes or updates an index of the photos of a folder. */
  static void update(Path index, Path photos) throws IOException {
    try (ImageTextMatcher matcher = ImageTextMatcher.load(Client.MATCHER)) {
      var embedder = MatcherEmbedder.of(matcher, List.of(Client.MATCHER));
      PhotoIndex.openOrCreate(index, embedder.model())
          .update(photos, embedder, IndexOptions.defaults(), IndexListener.NONE);
    }
  }
}
