package io.github.blip2j.text.tokenizer.decoder;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.List;

/** Applies decoders one after the other. */
record DecoderSequence(List<Decoder> decoders) implements Decoder {
  @Override
  public List<String> decode(List<String> tokens, Budget budget) {
    List<String> decoded = tokens;
    for (Decoder decoder : decoders) {
      decoded = decoder.decode(decoded, budget);
    }
    return decoded;
  }
}
