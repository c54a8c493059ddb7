package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.unicode.UnicodeData;

/** Removes combining marks. It does not decompose, so NFD usually comes before. */
record StripAccentsNormalizer() implements CodePointNormalizer {
  @Override
  public void append(int codePoint, StringBuilder out) {
    if (!UnicodeData.isMark(codePoint)) {
      out.appendCodePoint(codePoint);
    }
  }
}
