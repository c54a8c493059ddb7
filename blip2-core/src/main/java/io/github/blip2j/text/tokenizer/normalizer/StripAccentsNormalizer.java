package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.unicode.UnicodeData;

/** Takes out combining marks; it does not decompose, so that usually NFD comes before. */
record StripAccentsNormalizer() implements CodePointNormalizer {
  @Override
  public void append(int codePoint, StringBuilder out) {
    if (!UnicodeData.isMark(codePoint)) {
      out.appendCodePoint(codePoint);
    }
  }
}
