package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.unicode.LowerCase;

/**
 * Lower-cases every code point regardless of its context; a final sigma is treated like any other.
 */
record LowercaseNormalizer() implements CodePointNormalizer {
  @Override
  public void append(int codePoint, StringBuilder out) {
    LowerCase.appendRust(codePoint, out);
  }
}
