package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.pattern.Budget;

/** Rewrites a text before it is split. */
@FunctionalInterface
public interface Normalizer {
  /** What {@code piece} becomes; may be empty. */
  Piece apply(Piece piece, Budget budget);
}
