package io.github.blip2j.text.tokenizer;

import java.util.function.Consumer;

/** Splits a text into the words that the model takes one by one. */
@FunctionalInterface
interface PreTokenizer {
  /** Hands on the parts in order, none of them empty. */
  void split(Piece piece, Budget budget, Consumer<Piece> out);
}
