package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.TokenHistory;
import io.github.blip2j.text.SettledText;
import io.github.blip2j.text.Tokenizer;
import java.util.List;

/**
 * Strings that end a text, wherever tokens begin and end in it ({@code stop_strings} in
 * transformers).
 *
 * <p>They are looked for in the text without white space before it. The one that is complete first
 * counts, and of those that are complete at once the longest; so what is found does not depend on
 * how the text is cut into tokens.
 *
 * <p><b>Differs from HF:</b> the text ends before the string; the tokens of the string stay in
 * {@link Sequence#tokens}. A sequence ends one token later where its end may still change, such as
 * within a character.
 */
public final class StopStrings {
  private final List<String> strings;

  private StopStrings(List<String> strings) {
    this.strings = strings;
  }

  /**
   * Strings that end a text.
   *
   * @param strings not empty each; none for texts that nothing ends
   */
  public static StopStrings of(List<String> strings) {
    return new StopStrings(List.copyOf(strings));
  }

  /** Where the string that ends a text begins in it; -1 if none occurs. */
  public int find(String text) {
    int first = -1;
    int firstEnd = Integer.MAX_VALUE;
    for (String string : strings) {
      int at = text.indexOf(string);
      int end = at + string.length();
      if (at >= 0 && (end < firstEnd || (end == firstEnd && at < first))) {
        first = at;
        firstEnd = end;
      }
    }
    return first;
  }

  /** The length of the part of a text that is no beginning of a string at the text's end. */
  public int settled(String text) {
    int settled = text.length();
    for (String string : strings) {
      for (int begun = Math.min(string.length() - 1, text.length()); begun > 0; begun--) {
        if (text.startsWith(string.substring(0, begun), text.length() - begun)) {
          settled = Math.min(settled, text.length() - begun);
          break;
        }
      }
    }
    return settled;
  }

  /**
   * A finished text as it is reported: up to the string that ends it, or all of it; without white
   * space around it, but with that before the string.
   */
  public String cut(String decoded) {
    String text = decoded.stripLeading();
    int end = find(text);
    return end < 0 ? text.stripTrailing() : text.substring(0, end);
  }

  /** Ends sequences whose text has one of the strings. */
  StoppingCriterion criterion(Tokenizer tokenizer) {
    return history -> find(text(tokenizer, history)) >= 0;
  }

  private static String text(Tokenizer tokenizer, TokenHistory history) {
    return SettledText.of(tokenizer, history.newIds()).stripLeading();
  }
}
