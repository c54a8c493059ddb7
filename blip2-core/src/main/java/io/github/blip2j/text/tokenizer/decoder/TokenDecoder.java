package io.github.blip2j.text.tokenizer.decoder;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.ArrayList;
import java.util.List;

/** A {@link Decoder} that treats every token separately. */
interface TokenDecoder extends Decoder {
  /** The decoded form of the token at position {@code place} of {@code size}. */
  String decode(String token, int place, int size);

  @Override
  default List<String> decode(List<String> tokens, Budget budget) {
    List<String> decoded = new ArrayList<>(tokens.size());
    for (int i = 0; i < tokens.size(); i++) {
      String text = decode(tokens.get(i), i, tokens.size());
      budget.charge(1 + tokens.get(i).length() + text.length());
      decoded.add(text);
    }
    return decoded;
  }
}
