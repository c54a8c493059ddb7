package io.github.blip2j.text.tokenizer.decoder;

/**
 * Removes a character from both ends of every token.
 *
 * @param content the character
 * @param start the maximum number of removals at the start
 * @param stop the maximum number of removals at the end
 */
record StripDecoder(String content, int start, int stop) implements TokenDecoder {
  @Override
  public String decode(String token, int place, int size) {
    int from = 0;
    for (int i = 0; i < start && token.startsWith(content, from); i++) {
      from += content.length();
    }
    int to = token.length();
    for (int i = 0;
        i < stop && to > from && token.startsWith(content, to - content.length());
        i++) {
      to -= content.length();
    }
    return token.substring(from, to);
  }
}
