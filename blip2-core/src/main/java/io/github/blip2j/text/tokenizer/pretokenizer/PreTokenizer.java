package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.function.Consumer;

/** Splits a text into words for the model. */
@FunctionalInterface
public interface PreTokenizer {
  /** Passes on the parts in order, none of them empty. */
  void split(Piece piece, Budget budget, Consumer<Piece> out);
}
