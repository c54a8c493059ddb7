package io.github.blip2j.text.tokenizer.decoder;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.List;

/** Turns tokens back into text; the resulting strings are joined. */
@FunctionalInterface
public interface Decoder {
  List<String> decode(List<String> tokens, Budget budget);
}
