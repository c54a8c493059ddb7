package io.github.blip2j.text.tokenizer.pattern;

import java.util.Locale;

/** Reads an expression from left to right. */
final class RegexReader {
  private final String expression;
  private int at;

  RegexReader(String expression) {
    this.expression = expression;
  }

  boolean isAtEnd() {
    return at == expression.length();
  }

  boolean sees(String next) {
    return expression.startsWith(next, at);
  }

  boolean take(String next) {
    boolean sees = sees(next);
    at += sees ? next.length() : 0;
    return sees;
  }

  /** The next char, without consuming it. */
  char peek() {
    if (isAtEnd()) {
      throw error("more");
    }
    return expression.charAt(at);
  }

  /** Consumes the next code point. */
  int next() {
    peek();
    int codePoint = expression.codePointAt(at);
    at += Character.charCount(codePoint);
    return codePoint;
  }

  String rest() {
    return expression.substring(at);
  }

  /** The text up to {@code end}; consumes both. */
  String until(String end) {
    int to = expression.indexOf(end, at);
    if (to < 0) {
      throw error("\"" + end + "\"");
    }
    String text = expression.substring(at, to);
    at = to + end.length();
    return text;
  }

  /** Whether {@code wanted} comes before the next {@code barrier}. */
  boolean comesBefore(String wanted, char barrier) {
    int found = expression.indexOf(wanted, at);
    int limit = expression.indexOf(barrier, at);
    return found >= 0 && (limit < 0 || found < limit);
  }

  /** A number of at most {@code most} digits in a base; there must be one digit. */
  int digits(int base, int most) {
    int value = 0;
    int from = at;
    while (at < expression.length() && at - from < most) {
      char c = expression.charAt(at);
      int digit = c < 0x80 ? Character.digit(c, base) : -1;
      if (digit < 0) {
        break;
      }
      value = value * base + digit;
      at++;
    }
    if (at == from) {
      throw error("digits");
    }
    return value;
  }

  /** A literal character in Java's syntax. */
  static String literal(int codePoint) {
    if (codePoint > Character.MAX_CODE_POINT || (codePoint >= 0xD800 && codePoint <= 0xDFFF)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "a regular expression of characters expected, got U+%X", codePoint));
    }
    return String.format(Locale.ROOT, "\\x{%X}", codePoint);
  }

  IllegalArgumentException error(String expected) {
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "a supported regular expression expected with %s at %d, got %s",
            expected,
            at,
            expression));
  }
}
