package io.github.blip2j.text.tokenizer.decoder;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.normalizer.ReplaceNormalizer;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.List;

/** Replaces every match in every token. */
record ReplaceDecoder(ReplaceNormalizer replacement) implements Decoder {
  @Override
  public List<String> decode(List<String> tokens, Budget budget) {
    return tokens.stream().map(token -> replacement.apply(Piece.of(token), budget).text()).toList();
  }
}
