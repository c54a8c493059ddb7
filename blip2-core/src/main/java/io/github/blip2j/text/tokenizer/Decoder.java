package io.github.blip2j.text.tokenizer;

import java.util.List;

/** Turns tokens back into text; the text is what comes out, joined. */
@FunctionalInterface
interface Decoder {
  List<String> decode(List<String> tokens, Budget budget);
}
