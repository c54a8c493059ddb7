package io.github.blip2j.search;

import io.github.blip2j.search.store.Snapshot;
import java.io.IOException;
import java.util.function.IntPredicate;

/**
 * Proposes the photos that a text may be about. {@link PhotoIndex#search(PhotoQuery, ImageEmbedder,
 * CandidateSource)} compares their vectors in float32, so similarities and their order do not
 * depend on the source; a photo that it does not propose is not found.
 */
@FunctionalInterface
public interface CandidateSource {
  /** Compares all vectors in bytes, in one pass; the usual source. */
  CandidateSource SCAN =
      (photos, text, count, accepted) ->
          VectorScan.ofText(photos, text).candidates(count, accepted);

  /**
   * Rows that may be the best for a text, in any order.
   *
   * @param photos the state of the index that is searched; its rows are meant
   * @param text the unit vector of the text, [P]
   * @param count how many to propose, or all accepted ones if those are fewer; more are welcome
   * @param accepted which rows may be results; others are wasted
   */
  int[] candidates(Snapshot photos, float[] text, int count, IntPredicate accepted)
      throws IOException;
}
