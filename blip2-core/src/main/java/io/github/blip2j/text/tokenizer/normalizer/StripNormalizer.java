package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.unicode.UnicodeData;

/** Removes white space from the ends. */
record StripNormalizer(boolean left, boolean right) implements Normalizer {
  @Override
  public Piece apply(Piece piece, Budget budget) {
    String text = piece.text();
    budget.charge(text.length());
    int from = 0;
    int to = text.length();
    while (left && from < to && UnicodeData.isWhiteSpace(text.charAt(from))) {
      from++; // all white space is in the basic plane
    }
    while (right && to > from && UnicodeData.isWhiteSpace(text.charAt(to - 1))) {
      to--;
    }
    return piece.slice(from, to);
  }
}
