package io.github.blip2j.text;

import io.github.blip2j.text.unicode.LowerCase;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * The preprocessing of captions for training: LAVIS's {@code blip_caption}.
 *
 * <p>In this order: lower case; each of {@code . ! " ( ) * # : ; ~} becomes a space; several white
 * spaces become one; line feeds at the end and spaces at both ends are removed; at most {@code
 * maxWords} words, separated by single spaces, are kept; the prompt is put before.
 *
 * @param prompt put before every caption as it is, such as {@code "a photo of "}
 * @param maxWords the maximum number of words
 */
public record CaptionText(String prompt, int maxWords) {
  private static final int LAVIS_WORDS = 50;
  private static final Pattern MARKS = Pattern.compile("[.!\"()*#:;~]");
  // Python's, which counts the four separators 1C to 1F as white space too
  private static final Pattern SPACES =
      Pattern.compile("[\\s\\x1c-\\x1f]{2,}", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern LINE_ENDS = Pattern.compile("\\n+\\z");
  private static final Pattern ENDS = Pattern.compile("\\A +| +\\z");
  private static final Pattern SPACE = Pattern.compile(" ");

  /** Checks that {@code maxWords} is positive. */
  public CaptionText {
    if (maxWords < 1) {
      throw new IllegalArgumentException(
          "CaptionText: maxWords expected at least 1, got " + maxWords);
    }
  }

  /** LAVIS's settings for pretraining: no prompt, 50 words. */
  public static CaptionText lavis() {
    return new CaptionText("", LAVIS_WORDS);
  }

  /** This preprocessing with a prompt before the caption. */
  public CaptionText withPrompt(String newPrompt) {
    return new CaptionText(newPrompt, maxWords);
  }

  /** The prompt followed by the cleaned caption. */
  public String clean(String caption) {
    return prompt + cleanWords(caption);
  }

  /** The caption alone, cleaned. */
  public String cleanWords(String caption) {
    String text = MARKS.matcher(LowerCase.python(caption)).replaceAll(" ");
    text = SPACES.matcher(text).replaceAll(" ");
    text = LINE_ENDS.matcher(text).replaceAll("");
    text = ENDS.matcher(text).replaceAll("");
    String[] words = SPACE.split(text, -1);
    if (words.length > maxWords) {
      text = String.join(" ", Arrays.asList(words).subList(0, maxWords));
    }
    return text;
  }
}
