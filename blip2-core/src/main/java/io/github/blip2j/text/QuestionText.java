package io.github.blip2j.text;

import io.github.blip2j.text.unicode.LowerCase;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * Questions as LAVIS asks them: its {@code blip_question}.
 *
 * <p>In this order: lower case; each of {@code . ! " ( ) * # : ; ~} goes, where {@link CaptionText}
 * puts a space; spaces at the end go; of more words, told apart by single spaces, {@code maxWords}
 * stay. Question marks and commas stay.
 *
 * @param maxWords how many words stay
 */
public record QuestionText(int maxWords) {
  private static final int LAVIS_WORDS = 50;
  private static final Pattern MARKS = Pattern.compile("[.!\"()*#:;~]");
  private static final Pattern END = Pattern.compile(" +\\z");
  private static final Pattern SPACE = Pattern.compile(" ");

  /** Checks that a word may stay. */
  public QuestionText {
    if (maxWords < 1) {
      throw new IllegalArgumentException(
          "QuestionText: maxWords expected at least 1, got " + maxWords);
    }
  }

  /** As LAVIS evaluates: 50 words. */
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
