package io.github.blip2j.text.tokenizer.decoder;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.List;

/** Joins all tokens to one, for later decoders. */
record FuseDecoder() implements Decoder {
  @Override
  public List<String> decode(List<String> tokens, Budget budget) {
    String fused = String.join("", tokens);
    budget.charge(fused.length());
    return List.of(fused);
  }
}
