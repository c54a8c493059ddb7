package io.github.blip2j.blip2.text;

import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.StopStrings;
import io.github.blip2j.generation.TokenStreamer;
import io.github.blip2j.text.SettledText;
import io.github.blip2j.text.Tokenizer;
import java.util.Arrays;
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
  private final Tokenizer tokenizer;
  private final StopStrings stops;
  private final Consumer<String> text;
  private int[] tokens = new int[0];
  private String told = "";
  private boolean stopped;

  private TextStreamer(Tokenizer tokenizer, StopStrings stops, Consumer<String> text) {
    this.tokenizer = tokenizer;
    this.stops = stops;
    this.text = text;
  }

  /** A stream that hands each new piece of text to {@code text}. */
  public static TextStreamer of(Tokenizer tokenizer, Consumer<String> text) {
    return of(tokenizer, GenerationConfig.greedy(), text);
  }

  /**
   * A stream that ends before the stop strings of {@code decoding}. An end that may be the
   * beginning of one is held back too.
   */
  public static TextStreamer of(
      Tokenizer tokenizer, GenerationConfig decoding, Consumer<String> text) {
    return new TextStreamer(tokenizer, StopStrings.of(decoding.stopStrings()), text);
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
    String settled = SettledText.of(tokenizer, tokens).stripLeading();
    if (stopped || stops.find(settled) >= 0) {
      finish();
    } else {
      tell(settled.substring(0, stops.settled(settled)).stripTrailing());
    }
  }

  /** Flushes the text held back; call it after the last token. */
  public void finish() {
    if (!stopped) {
      String decoded = tokenizer.decode(tokens).stripLeading();
      stopped = stops.find(decoded) >= 0;
      tell(stops.cut(decoded));
    }
  }

  private void tell(String now) {
    if (told.startsWith(now)) {
      return; // no new text, or an end that is held back again
    }
    // If the tokenizer changed text that was handed out, hand out all from the change on, so that
    // no text is lost.
    int common = Math.max(0, Arrays.mismatch(now.toCharArray(), told.toCharArray()));
    text.accept(now.substring(common));
    told = now;
  }
}
