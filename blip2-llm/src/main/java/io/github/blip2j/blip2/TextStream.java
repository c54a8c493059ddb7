package io.github.blip2j.blip2;

import io.github.blip2j.generation.TokenListener;
import io.github.blip2j.text.Tokenizer;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Turns the tokens of one sequence into text while they are decided.
 *
 * <p>A token may hold a part of a character or end in a space that the finished text will lack.
 * Such ends wait until the next token completes them, so that pieces joined are the finished text;
 * call {@link #finish} after the last token to have what still waits. For one sequence and one
 * thread.
 */
public final class TextStream implements TokenListener {
  private static final char PART_OF_CHARACTER = '\uFFFD'; // what decoders put in its place

  private final Tokenizer tokenizer;
  private final Consumer<String> text;
  private int[] tokens = new int[0];
  private String told = "";

  private TextStream(Tokenizer tokenizer, Consumer<String> text) {
    this.tokenizer = tokenizer;
    this.text = text;
  }

  /** A stream that hands each new piece of text to {@code text}. */
  public static TextStream of(Tokenizer tokenizer, Consumer<String> text) {
    return new TextStream(tokenizer, text);
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
          "stream: tokens expected of one sequence, got row %d; ask for one prompt and one text"
              .formatted(row));
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
    // Some tokenizers reshape the end of a text as it grows; what was told can't be taken back.
    if (stripped.length() > told.length() && stripped.startsWith(told)) {
      text.accept(stripped.substring(told.length()));
      told = stripped;
    }
  }

  private static String withoutOpenEnd(String decoded) {
    int end = decoded.length();
    while (end > 0 && decoded.charAt(end - 1) == PART_OF_CHARACTER) {
      end--;
    }
    return decoded.substring(0, end);
  }
}
