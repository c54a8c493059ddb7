package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.unicode.LowerCase;

/**
 * Every code point's lower case, whatever stands around it: a last sigma is one like the others.
 */
record LowercaseNormalizer() implements CodePointNormalizer {
  @Override
  public void append(int codePoint, StringBuilder out) {
    LowerCase.appendRust(codePoint, out);
  }
}
