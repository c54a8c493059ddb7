package io.github.blip2j.text.tokenizer.pattern;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a file names to be searched for: a string as it is, or a regular expression. */
public final class FilePattern {
  private final String literal;
  private final @Nullable Pattern regex;

  private FilePattern(String literal, @Nullable Pattern regex) {
    this.literal = literal;
    this.regex = regex;
  }

  public static FilePattern literal(String literal) {
    return new FilePattern(literal, null);
  }

  /**
   * An expression in Oniguruma's language.
   *
   * @throws IllegalArgumentException if it isn't one, or uses what isn't supported here
   */
  public static FilePattern regex(String expression) {
    return new FilePattern("", OnigurumaSyntax.translate(expression));
  }

  /** The matches from left to right, none of which overlap. */
  public Spans spans(String text, Budget budget) {
    var spans = new Spans();
    if (regex == null) {
      addLiterals(text, spans, budget);
    } else {
      addMatches(regex, text, spans, budget);
    }
    spans.addGap(text.length());
    return spans;
  }

  private void addLiterals(String text, Spans spans, Budget budget) {
    budget.charge(text.length());
    if (literal.isEmpty()) { // matches before every character and at the end
      for (int at = 0; at < text.length(); at = text.offsetByCodePoints(at, 1)) {
        spans.addMatch(at, at);
      }
      spans.addMatch(text.length(), text.length());
      return;
    }
    for (int at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at)) {
      spans.addMatch(at, at + literal.length());
      at += literal.length();
    }
  }

  private static void addMatches(Pattern regex, String text, Spans spans, Budget budget) {
    Matcher matcher = regex.matcher(new CountedText(text, 0, text.length(), budget));
    matcher.useTransparentBounds(true).useAnchoringBounds(false);
    int from = 0;
    int last = -1; // where the last match ended: no empty one is taken there
    try {
      while (from <= text.length()) {
        matcher.region(from, text.length());
        if (!matcher.find()) {
          return;
        }
        int end = matcher.end();
        if (matcher.start() == end && end == last) {
          from = end < text.length() ? text.offsetByCodePoints(end, 1) : end + 1;
        } else {
          spans.addMatch(matcher.start(), end);
          from = end;
          last = end;
        }
      }
    } catch (StackOverflowError e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "tokenizer: text of %d characters is too long for the regular expression %s",
              text.length(),
              regex),
          e);
    }
  }

  /** A text that counts how often it is looked at, for expressions that backtrack without end. */
  private record CountedText(String text, int from, int to, Budget budget) implements CharSequence {
    @Override
    public int length() {
      return to - from;
    }

    @Override
    public char charAt(int index) {
      budget.charge(1);
      return text.charAt(from + index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.substring(from + start, from + end);
    }
  }
}
