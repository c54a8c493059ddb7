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
 * one before a quote or in {@code do n't}, where the tokenizer cleans up. Such ends are held back
 * until the next token completes them, so that the joined pieces are the finished text; call {@link
 * #finish} after the last token to flush them. For one sequence and one thread.
 */
public final class TextStreamer implements TokenStreamer {
  private static final char PART_OF_CHARACTER =
      '\uFFFD'; // the replacement character that decoders emit for it

  /** Beginnings of texts that a clean-up joins to the word before. */
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

  /** Flushes the text held back; call it after the last token. */
  public void finish() {
    tell(tokenizer.decode(tokens));
  }

  private void tell(String decoded) {
    String stripped = decoded.strip();
    if (told.startsWith(stripped)) {
      return; // no new text, or an end that is held back again
    }
    // If the tokenizer changed text that was handed out, hand out all from the change on, so that
    // no text is lost.
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
