package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.pattern.Spans;
import io.github.blip2j.text.tokenizer.unicode.UnicodeData;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/** Splits at code points of a kind, each of which is a delimiter. */
record CodePointSplit(IntPredicate delimiter, SplitBehavior behavior) implements PreTokenizer {
  /** Splits at white space, which is removed. */
  static CodePointSplit whitespace() {
    return new CodePointSplit(UnicodeData::isWhiteSpace, SplitBehavior.REMOVED);
  }

  /** Splits at punctuation. */
  static CodePointSplit punctuation(SplitBehavior behavior) {
    return new CodePointSplit(UnicodeData::isPunctuation, behavior);
  }

  @Override
  public void split(Piece piece, Budget budget, Consumer<Piece> out) {
    String text = piece.text();
    budget.charge(text.length());
    var spans = new Spans();
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      int next = i + Character.charCount(codePoint);
      if (delimiter.test(codePoint)) {
        spans.addMatch(i, next);
      }
      i = next;
    }
    spans.addGap(text.length());
    behavior.split(piece, spans, out);
  }
}
