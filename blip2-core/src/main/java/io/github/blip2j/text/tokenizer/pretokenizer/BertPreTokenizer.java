package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.function.Consumer;

/** Splits at white space, which is removed, and at every punctuation character, which is kept. */
record BertPreTokenizer() implements PreTokenizer {
  private static final CodePointSplit SPACES = CodePointSplit.whitespace();
  private static final CodePointSplit MARKS = CodePointSplit.punctuation(SplitBehavior.ISOLATED);

  @Override
  public void split(Piece piece, Budget budget, Consumer<Piece> out) {
    SPACES.split(piece, budget, word -> MARKS.split(word, budget, out));
  }
}
