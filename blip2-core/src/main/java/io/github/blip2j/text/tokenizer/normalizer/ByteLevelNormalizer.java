package io.github.blip2j.text.tokenizer.normalizer;

import java.nio.charset.StandardCharsets;

/** Replaces every byte of the UTF-8 text by its visible character. */
record ByteLevelNormalizer() implements CodePointNormalizer {
  @Override
  public void append(int codePoint, StringBuilder out) {
    for (byte b : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8)) {
      out.append(ByteAlphabet.charOf(b));
    }
  }
}
