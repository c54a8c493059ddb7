package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.List;

/** Applies normalizers one after the other. */
record NormalizerSequence(List<Normalizer> normalizers) implements Normalizer {
  @Override
  public Piece apply(Piece piece, Budget budget) {
    Piece result = piece;
    for (Normalizer normalizer : normalizers) {
      result = normalizer.apply(result, budget);
    }
    return result;
  }
}
