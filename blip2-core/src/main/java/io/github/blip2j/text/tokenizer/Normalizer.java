package io.github.blip2j.text.tokenizer;

/** Rewrites a text before it is split. */
@FunctionalInterface
interface Normalizer {
  /** What {@code piece} becomes; may be empty. */
  Piece apply(Piece piece, Budget budget);
}
