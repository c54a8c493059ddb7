package io.github.blip2j.text;

import io.github.blip2j.text.unicode.LowerCase;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * The preprocessing of questions: LAVIS's {@code blip_question}.
 *
 * <p>In this order: lower case; each of {@code . ! " ( ) * # : ; ~} is removed, where {@link
 * CaptionText} puts a space; spaces at the end are removed; at most {@code maxWords} words,
 * separated by single spaces, are kept. Question marks and commas stay.
 *
 * @param maxWords the maximum number of words
 */
public record QuestionText(int maxWords) {
  private static final int LAVIS_WORDS = 50;
  private static final Pattern MARKS = Pattern.compile("[.!\"()*#:;~]");
  private static final Pattern END = Pattern.compile(" +\\z");
  private static final Pattern SPACE = Pattern.compile(" ");

  /** Checks that {@code maxWords} is positive. */
  public QuestionText {
    if (maxWords < 1) {
      throw new IllegalArgumentException(
          "QuestionText: maxWords expected at least 1, got " + maxWords);
    }
  }

  /** LAVIS's setting for evaluation: 50 words. */
  public static QuestionText lavis() {
    return new QuestionText(LAVIS_WORDS);
  }

  /** The question, cleaned. */
  public String clean(String question) {
    String text = MARKS.matcher(LowerCase.python(question)).replaceAll("");
    text = END.matcher(text).replaceAll("");
    String[] words = SPACE.split(text, -1);
    return words.length <= maxWords
        ? text
        : String.join(" ", Arrays.asList(words).subList(0, maxWords));
  }
}
