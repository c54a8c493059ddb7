package io.github.blip2j.text.tokenizer.decoder;

/** Replaces the end-of-word suffix by a space, and removes it from the last token. */
record BpeDecoder(String suffix) implements TokenDecoder {
  @Override
  public String decode(String token, int place, int size) {
    return token.replace(suffix, place == size - 1 ? "" : " ");
  }
}
