package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.pattern.Budget;

/** Normalizes a text before it is split. */
@FunctionalInterface
public interface Normalizer {
  /** The normalized form of {@code piece}; may be empty. */
  Piece apply(Piece piece, Budget budget);
}
