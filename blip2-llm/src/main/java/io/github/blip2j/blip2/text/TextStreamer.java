package io.github.blip2j.blip2.text;

import io.github.blip2j.generation.TokenStreamer;
import io.github.blip2j.text.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Turns the tokens of one sequence into text while they are decided.
 *
 * <p>A token may hold a part of a character, or end in a space that the finished text will lack:
 * one before a quote or in {@code do n't}, where the tokenizer cleans up. Such ends wait until the
 * next token completes them, so that pieces joined are the finished text; call {@link #finish}
 * after the last token to have what still waits. For one sequence and one thread.
 */
public final class TextStreamer implements TokenStreamer {
  private static final char PART_OF_CHARACTER = '\uFFFD'; // what decoders put in its place

  /** Beginnings of what a clean-up joins to the word before. */
  private static final List<String> JOINABLE = List.of(" '", " 'v", " 'r", " n", " n'");

  private final Tokenizer tokenizer;
  private final Consumer<String> text;
  private int[] tokens = new int[0];
  private String told = "";

  private TextStreamer(Tokenizer tokenizer, Consumer<String> text) {
    this.tokenizer = tokenizer;
    this.text = text;
  }

  /** A stream that hands each new piece of text to {@code text}. */
  public static TextStreamer of(Tokenizer tokenizer, Consumer<String> text) {
    return new TextStreamer(tokenizer, text);
  }

  /**
   * Adds a token.
   *
   * @throws IllegalArgumentException if it belongs to a second sequence
   */
  @Override
  public void onToken(int row, int token) {
    if (row != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "stream: tokens expected of one sequence, got row %d; ask for one prompt and one text",
              row));
    }
    tokens = Arrays.copyOf(tokens, tokens.length + 1);
    tokens[tokens.length - 1] = token;
    tell(withoutOpenEnd(tokenizer.decode(tokens)));
  }

  /** Hands out what still waits: the sequence has ended. */
  public void finish() {
    tell(tokenizer.decode(tokens));
  }

  private void tell(String decoded) {
    String stripped = decoded.strip();
    if (told.startsWith(stripped)) {
      return; // nothing new, or an end that waits again
    }
    // A tokenizer that reshapes what was told can't be followed: told again from there, nothing is
    // lost.
    int common = Math.max(0, Arrays.mismatch(stripped.toCharArray(), told.toCharArray()));
    text.accept(stripped.substring(common));
    told = stripped;
  }

  private static String withoutOpenEnd(String decoded) {
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
