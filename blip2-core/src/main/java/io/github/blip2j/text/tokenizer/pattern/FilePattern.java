package io.github.blip2j.text.tokenizer.pattern;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A search pattern from a file: a literal string or a regular expression. */
public final class FilePattern {
  private final String source; // as the file spells it
  private final @Nullable Pattern regex;

  private FilePattern(String source, @Nullable Pattern regex) {
    this.source = source;
    this.regex = regex;
  }

  public static FilePattern literal(String literal) {
    return new FilePattern(literal, null);
  }

  /**
   * A pattern from an expression in Oniguruma's syntax.
   *
   * @throws IllegalArgumentException if it is invalid or unsupported
   */
  public static FilePattern regex(String expression) {
    return new FilePattern(expression, OnigurumaSyntax.translate(expression));
  }

  /** The non-overlapping matches from left to right. */
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
    if (source.isEmpty()) { // matches before every character and at the end
      for (int at = 0; at < text.length(); at = text.offsetByCodePoints(at, 1)) {
        spans.addMatch(at, at);
      }
      spans.addMatch(text.length(), text.length());
      return;
    }
    for (int at = text.indexOf(source); at >= 0; at = text.indexOf(source, at)) {
      spans.addMatch(at, at + source.length());
      at += source.length();
    }
  }

  private void addMatches(Pattern regex, String text, Spans spans, Budget budget) {
    Matcher matcher = regex.matcher(new CountedText(text, 0, text.length(), budget));
    matcher.useTransparentBounds(true).useAnchoringBounds(false);
    int from = 0;
    int last = -1; // the end of the last match, where no empty match is allowed
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
              source),
          e);
    }
  }

  /** A text that counts accesses, to stop expressions that backtrack without end. */
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
