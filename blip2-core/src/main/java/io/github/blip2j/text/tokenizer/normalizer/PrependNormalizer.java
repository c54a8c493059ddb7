package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.pattern.Budget;

/** Adds a prefix to every text that isn't empty. */
record PrependNormalizer(String prefix) implements Normalizer {
  @Override
  public Piece apply(Piece piece, Budget budget) {
    budget.charge(piece.text().length() + prefix.length());
    return piece.text().isEmpty() ? piece : piece.behind(prefix);
  }
}
