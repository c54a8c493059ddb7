package io.github.blip2j.text.tokenizer.decoder;

/** The suffix that ends words becomes a space, at the last token nothing. */
record BpeDecoder(String suffix) implements TokenDecoder {
  @Override
  public String decode(String token, int place, int size) {
    return token.replace(suffix, place == size - 1 ? "" : " ");
  }
}
