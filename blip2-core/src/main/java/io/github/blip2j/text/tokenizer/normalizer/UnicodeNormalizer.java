package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.unicode.UnicodeData;
import java.text.Normalizer.Form;

/** A Unicode normalization form, in the Unicode version of the tokenizers library. */
record UnicodeNormalizer(Form form) implements Normalizer {
  static final UnicodeNormalizer NFD = new UnicodeNormalizer(Form.NFD);

  @Override
  public Piece apply(Piece piece, Budget budget) {
    String text = piece.text();
    budget.charge(text.length());
    if (isAscii(text)) {
      return piece;
    }
    String normalized = UnicodeData.normalize(text, form);
    budget.charge(normalized.length());
    int head =
        piece.head() == 0
            ? 0
            : UnicodeData.normalize(text.substring(0, piece.head()), form).length();
    return new Piece(normalized, Math.min(head, normalized.length()));
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }
}
