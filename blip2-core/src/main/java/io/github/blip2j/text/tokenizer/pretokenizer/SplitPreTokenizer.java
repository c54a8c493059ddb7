package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.pattern.FilePattern;
import io.github.blip2j.text.tokenizer.pattern.Spans;
import java.util.function.Consumer;

/** Splits at the matches of a pattern or, if inverted, at the gaps between them. */
record SplitPreTokenizer(FilePattern pattern, SplitBehavior behavior, boolean inverted)
    implements PreTokenizer {
  @Override
  public void split(Piece piece, Budget budget, Consumer<Piece> out) {
    Spans spans = pattern.spans(piece.text(), budget);
    behavior.split(piece, inverted ? spans.inverted() : spans, out);
  }
}
