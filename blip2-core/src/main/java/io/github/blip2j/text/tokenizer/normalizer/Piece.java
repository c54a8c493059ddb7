package io.github.blip2j.text.tokenizer.normalizer;

/**
 * Part of a text on its way to tokens.
 *
 * @param text never empty once it is split
 * @param head how many leading chars stem from the first character of the whole text; some
 *     pre-tokenizers treat that one apart
 */
public record Piece(String text, int head) {
  /** A whole text. */
  public static Piece of(String text) {
    return new Piece(text, text.isEmpty() ? 0 : Character.charCount(text.codePointAt(0)));
  }

  public boolean isFirst() {
    return head > 0;
  }

  public Piece slice(int from, int to) {
    if (from == 0 && to == text.length()) {
      return this;
    }
    return new Piece(text.substring(from, to), Math.max(0, Math.min(head, to) - from));
  }

  /** This piece with {@code prefix} before it, which counts as part of the first character. */
  public Piece behind(String prefix) {
    return new Piece(prefix + text, head == 0 ? 0 : head + prefix.length());
  }
}
