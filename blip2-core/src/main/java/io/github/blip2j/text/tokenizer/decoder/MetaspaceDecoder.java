package io.github.blip2j.text.tokenizer.decoder;

/**
 * Replaces SentencePiece's marks by spaces.
 *
 * @param prepended whether the first token's marks are removed, because one was added before the
 *     text
 */
record MetaspaceDecoder(String mark, boolean prepended) implements TokenDecoder {
  @Override
  public String decode(String token, int place, int size) {
    return token.replace(mark, place == 0 && prepended ? "" : " ");
  }
}
