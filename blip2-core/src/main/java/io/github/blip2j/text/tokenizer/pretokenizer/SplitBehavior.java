package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Spans;
import java.util.function.Consumer;

/** What becomes of the delimiters where a text is split. */
enum SplitBehavior {
  /** They go. */
  REMOVED,
  /** Each is a piece of its own. */
  ISOLATED,
  /** Each goes with the piece before it. */
  MERGED_WITH_PREVIOUS,
  /** Each goes with the piece behind it. */
  MERGED_WITH_NEXT,
  /** Those in a row are one piece. */
  CONTIGUOUS;

  /** Hands on the parts that aren't empty, in order. */
  void split(Piece piece, Spans spans, Consumer<Piece> out) {
    int from = 0;
    for (int i = 0; i < spans.size(); i++) {
      if (i + 1 < spans.size() && joinsNext(spans, i)) {
        continue;
      }
      int to = spans.end(i);
      if (to > from && !(this == REMOVED && spans.isMatch(i))) {
        out.accept(piece.slice(from, to));
      }
      from = to;
    }
  }

  /** Of delimiters in a row, only the one beside the gap is merged with it. */
  private boolean joinsNext(Spans spans, int i) {
    boolean here = spans.isMatch(i);
    boolean next = spans.isMatch(i + 1);
    return switch (this) {
      case REMOVED, ISOLATED -> false;
      case CONTIGUOUS -> here == next;
      case MERGED_WITH_PREVIOUS -> !here && next;
      case MERGED_WITH_NEXT -> here && !next;
    };
  }
}
