package io.github.blip2j.text;

import java.util.List;

/**
 * The text of a sequence that goes on, as far as further tokens do not change it.
 *
 * <p>A token may hold a part of a character, or end in a space that the finished text will lack:
 * one before a quote or in {@code do n't}, where the tokenizer cleans up. Such ends are left out.
 */
public final class SettledText {
  private static final char PART_OF_CHARACTER =
      '\uFFFD'; // the replacement character that decoders emit for it

  /** Beginnings of texts that a clean-up joins to the word before. */
  private static final List<String> JOINABLE = List.of(" '", " 'v", " 'r", " n", " n'");

  private SettledText() {}

  /** The decoded text of these tokens, without an end that the next token may change. */
  public static String of(Tokenizer tokenizer, int[] tokens) {
    String decoded = tokenizer.decode(tokens);
    int end = decoded.length();
    while (end > 0 && decoded.charAt(end - 1) == PART_OF_CHARACTER) {
      end--;
    }
    String whole = decoded.substring(0, end);
    for (String joinable : JOINABLE) {
      if (whole.endsWith(joinable)) {
        return whole.substring(0, whole.length() - joinable.length());
      }
    }
    return whole;
  }
}
