package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.unicode.UnicodeData;
import java.util.function.Consumer;

/**
 * Splits into runs of word characters and runs of other visible characters: {@code \w+|[^\w\s]+}.
 */
record WhitespacePreTokenizer() implements PreTokenizer {
  @Override
  public void split(Piece piece, Budget budget, Consumer<Piece> out) {
    String text = piece.text();
    budget.charge(text.length());
    int from = 0;
    int kind = 0;
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      int here = UnicodeData.isWord(codePoint) ? 1 : UnicodeData.isWhiteSpace(codePoint) ? 0 : 2;
      if (here != kind) {
        if (kind != 0) {
          out.accept(piece.slice(from, i));
        }
        from = i;
        kind = here;
      }
      i += Character.charCount(codePoint);
    }
    if (kind != 0) {
      out.accept(piece.slice(from, text.length()));
    }
  }
}
