package io.github.blip2j.text.tokenizer.normalizer;

/**
 * SentencePiece's normalization for machine translation: removes control characters, and replaces
 * rare white space by a space.
 */
record NmtNormalizer() implements CodePointNormalizer {
  @Override
  public void append(int c, StringBuilder out) {
    if ((c >= 0x01 && c <= 0x08)
        || c == 0x0B
        || (c >= 0x0E && c <= 0x1F)
        || c == 0x7F
        || c == 0x8F
        || c == 0x9F) {
      return;
    }
    boolean space =
        switch (c) {
          case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD -> true;
          default -> (c >= 0x200B && c <= 0x200F);
        };
    out.appendCodePoint(space ? ' ' : c);
  }
}
