package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.pattern.Budget;

/** A {@link Normalizer} that treats every code point separately. */
interface CodePointNormalizer extends Normalizer {
  /** Appends the normalized form of a code point. */
  void append(int codePoint, StringBuilder out);

  @Override
  default Piece apply(Piece piece, Budget budget) {
    String text = piece.text();
    var out = new StringBuilder(text.length() + 16);
    int head = 0;
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      append(codePoint, out);
      i += Character.charCount(codePoint);
      if (i <= piece.head()) {
        head = out.length();
      }
    }
    budget.charge(text.length() + out.length());
    return new Piece(out.toString(), head);
  }
}
