package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.function.Consumer;

/** Splits into parts of a fixed number of characters; the last may be shorter. */
record FixedLengthPreTokenizer(int length) implements PreTokenizer {
  @Override
  public void split(Piece piece, Budget budget, Consumer<Piece> out) {
    String text = piece.text();
    budget.charge(text.length());
    int from = 0;
    int count = 0;
    for (int i = 0; i < text.length(); ) {
      i += Character.charCount(text.codePointAt(i));
      if (++count == length || i == text.length()) {
        out.accept(piece.slice(from, i));
        from = i;
        count = 0;
      }
    }
  }
}
