package io.github.blip2j.text.tokenizer.decoder;

/**
 * Puts spaces between words, but not before tokens that continue a word.
 *
 * @param prefix the prefix of tokens that continue a word, usually {@code "##"}
 * @param cleansUp whether superfluous spaces, as before punctuation, are removed
 */
record WordPieceDecoder(String prefix, boolean cleansUp) implements TokenDecoder {
  @Override
  public String decode(String token, int place, int size) {
    String text = token;
    if (place > 0) {
      text = token.startsWith(prefix) ? token.substring(prefix.length()) : " " + token;
    }
    return cleansUp ? cleanUp(text) : text;
  }

  static String cleanUp(String text) {
    return text.replace(" .", ".")
        .replace(" ?", "?")
        .replace(" !", "!")
        .replace(" ,", ",")
        .replace(" ' ", "'")
        .replace(" n't", "n't")
        .replace(" 'm", "'m")
        .replace(" do not", " don't")
        .replace(" 's", "'s")
        .replace(" 've", "'ve")
        .replace(" 're", "'re");
  }
}
