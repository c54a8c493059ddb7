package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.List;
import java.util.function.Consumer;

/** Applies pre-tokenizers one after the other, each to the parts of the previous one. */
record PreTokenizerSequence(List<PreTokenizer> preTokenizers) implements PreTokenizer {
  @Override
  public void split(Piece piece, Budget budget, Consumer<Piece> out) {
    split(0, piece, budget, out);
  }

  private void split(int from, Piece piece, Budget budget, Consumer<Piece> out) {
    if (from == preTokenizers.size()) {
      out.accept(piece);
    } else {
      preTokenizers.get(from).split(piece, budget, part -> split(from + 1, part, budget, out));
    }
  }
}
