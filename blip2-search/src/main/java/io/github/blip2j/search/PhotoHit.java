package io.github.blip2j.search;

import io.github.blip2j.blip2.text.Match;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A result of a search.
 *
 * @param photo the photo, of several files with its content the first one by path that is there
 * @param similarity with the query, in [-1, 1]; of a text {@code Match.itc}
 * @param match the closer look at the best, or null
 * @param copies other files of the same content
 */
public record PhotoHit(Photo photo, double similarity, @Nullable Match match, List<Photo> copies) {
  /** Copies the list. */
  public PhotoHit {
    copies = List.copyOf(copies);
  }

  /** The score that decides the order among those with a match. */
  double score() {
    return similarity + (match == null ? 0 : match.itmLogit());
  }

  PhotoHit with(Match newMatch) {
    return new PhotoHit(photo, similarity, newMatch, copies);
  }
}
