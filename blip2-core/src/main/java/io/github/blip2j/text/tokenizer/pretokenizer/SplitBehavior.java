package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Spans;
import java.util.function.Consumer;

/** The treatment of delimiters in a split. */
enum SplitBehavior {
  /** Removes delimiters. */
  REMOVED,
  /** Makes each delimiter a piece. */
  ISOLATED,
  /** Appends each delimiter to the previous piece. */
  MERGED_WITH_PREVIOUS,
  /** Puts each delimiter before the next piece. */
  MERGED_WITH_NEXT,
  /** Makes adjacent delimiters one piece. */
  CONTIGUOUS;

  /** Passes on the parts that aren't empty, in order. */
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

  /**
   * Whether spans i and i + 1 form one piece; of adjacent delimiters, only the one beside the gap
   * is merged with it.
   */
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
