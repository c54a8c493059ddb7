package io.github.blip2j.text.tokenizer.decoder;

/**
 * SentencePiece's marks back to spaces.
 *
 * @param prepended whether the first token's marks go, since one was put before the text
 */
record MetaspaceDecoder(String mark, boolean prepended) implements TokenDecoder {
  @Override
  public String decode(String token, int place, int size) {
    return token.replace(mark, place == 0 && prepended ? "" : " ");
  }
}
