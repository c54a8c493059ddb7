package io.github.blip2j.text.tokenizer.decoder;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.List;

/** All tokens as one, for decoders behind it. */
record FuseDecoder() implements Decoder {
  @Override
  public List<String> decode(List<String> tokens, Budget budget) {
    String fused = String.join("", tokens);
    budget.charge(fused.length());
    return List.of(fused);
  }
}
