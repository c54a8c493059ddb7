package io.github.blip2j.text.tokenizer.normalizer;

/**
 * Part of a text that is being tokenized.
 *
 * @param text never empty after splitting
 * @param head the number of leading chars that come from the first character of the whole text;
 *     some pre-tokenizers treat that character differently
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

  /** This piece after {@code prefix}, which counts as part of the first character. */
  public Piece behind(String prefix) {
    return new Piece(prefix + text, head == 0 ? 0 : head + prefix.length());
  }
}
