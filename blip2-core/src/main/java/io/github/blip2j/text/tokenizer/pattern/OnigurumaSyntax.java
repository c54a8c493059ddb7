package io.github.blip2j.text.tokenizer.pattern;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Translates Oniguruma's regular expressions, which files use, to Java's: every character class has
 * its Unicode meaning, {@code .} excludes line feeds only, {@code ^} and {@code $} match at lines.
 * Unsupported syntax is rejected: back references, conditions, calls, absent operators, {@code \G
 * \K \X}. Case is ignored by listing the equal characters ({@link CaseFolding}).
 */
final class OnigurumaSyntax {
  private static final int LONGEST = 10_000;
  private static final int DEEPEST = 50;
  private static final int MOST_REPEATS = 10_000;
  private static final int NONE = -1;
  private static final String OPERATORS = "([.^$*+?";
  private static final String ESCAPED_CHARACTERS = "tnrfvaexu0";
  private static final Pattern INTERVAL = Pattern.compile("\\{(\\d{0,6})(?:(,)(\\d{0,6}))?\\}");
  private static final String LINE_START = "(?<![^\\n])(?!(?<=\\n)\\z)";
  private static final String LINE_BREAK = "(?>\\x0D\\x0A|[\\x0A-\\x0D\\x{85}\\x{2028}\\x{2029}])";
  private static final String LINE_END = "(?![^\\n])";
  private static final String WORD = "[" + PropertyClass.loneWord() + "]";
  private static final String WORD_EDGE =
      String.format(Locale.ROOT, "(?:(?<=%1$s)(?!%1$s)|(?<!%1$s)(?=%1$s))", WORD);

  // Matches nothing, but makes Java look behind by code points instead of chars.
  private static final String BEYOND_BASIC_PLANE = "(?:" + Character.toString(0x10000) + "){0}";

  private final RegexReader in;
  private final StringBuilder out = new StringBuilder();
  private int depth;
  private boolean dotIsAll;
  private boolean ignoresCase;

  private OnigurumaSyntax(String expression) {
    this.in = new RegexReader(expression);
  }

  /**
   * Translates an expression to Java's syntax.
   *
   * @throws IllegalArgumentException if it is not a valid expression, or uses unsupported syntax
   */
  static Pattern translate(String expression) {
    if (expression.length() > LONGEST) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a regular expression expected of at most %d characters, got %d",
              LONGEST,
              expression.length()));
    }
    var syntax = new OnigurumaSyntax(expression);
    syntax.alternatives();
    if (!syntax.in.isAtEnd()) {
      throw syntax.in.error("a group that closes");
    }
    String java = syntax.out.toString();
    if (java.contains("(?<")) {
      java = "(?:" + java + ")" + BEYOND_BASIC_PLANE;
    }
    try {
      return Pattern.compile(java);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a supported regular expression expected, got %s (%s)",
              expression,
              e.getDescription()),
          e);
    }
  }

  private void alternatives() {
    if (++depth > DEEPEST) {
      throw in.error("at most " + DEEPEST + " groups within another");
    }
    boolean outerDot = dotIsAll;
    boolean outerCase = ignoresCase;
    sequence();
    while (in.take("|")) {
      out.append('|');
      sequence();
    }
    dotIsAll = outerDot;
    ignoresCase = outerCase;
    depth--;
  }

  private void sequence() {
    List<Integer> row = new ArrayList<>(); // characters without regard to case, not yet written
    while (!in.isAtEnd() && !in.sees("|") && !in.sees(")")) {
      int character = ignoresCase ? character() : NONE;
      if (character != NONE && !isRepeated()) {
        row.add(character);
        continue;
      }
      out.append(CaseFolding.literals(row));
      row.clear();
      int from = out.length();
      if (character != NONE) {
        out.append(CaseFolding.literals(List.of(character)));
        quantifiers(from);
      } else if (atom()) {
        quantifiers(from);
      }
    }
    out.append(CaseFolding.literals(row));
  }

  /** Consumes the next atom if it is a literal character, and returns it, or {@link #NONE}. */
  private int character() {
    if (in.sees("\\")) {
      char escaped = in.rest().length() > 1 ? in.rest().charAt(1) : 'A';
      boolean means = escaped >= 0x80 || !Character.isLetterOrDigit(escaped);
      if (!means && ESCAPED_CHARACTERS.indexOf(escaped) < 0) {
        return NONE;
      }
      in.take("\\");
      return new CharacterClasses(in, false).loneCodePoint();
    }
    return OPERATORS.indexOf(in.peek()) >= 0 ? NONE : in.next();
  }

  private boolean isRepeated() {
    return in.sees("*")
        || in.sees("+")
        || in.sees("?")
        || (in.sees("{") && INTERVAL.matcher(in.rest()).lookingAt());
  }

  /** Translates one atom; returns whether it may be repeated. */
  private boolean atom() {
    if (in.take("(")) {
      return group();
    }
    if (in.take("[")) {
      out.append(new CharacterClasses(in, ignoresCase).bracket());
      return true;
    }
    if (in.take(".")) {
      out.append(dotIsAll ? "[\\x{0}-\\x{10FFFF}]" : "[^\\n]");
      return true;
    }
    if (in.take("^")) {
      out.append(LINE_START);
      return false;
    }
    if (in.take("$")) {
      out.append(LINE_END);
      return false;
    }
    if (in.take("\\")) {
      return escape();
    }
    if (in.sees("*") || in.sees("+") || in.sees("?")) {
      throw in.error("something to repeat");
    }
    out.append(RegexReader.literal(in.next()));
    return true;
  }

  private boolean escape() {
    char c = in.peek();
    String anchor =
        switch (c) {
          case 'b' -> WORD_EDGE;
          case 'B' -> "(?!" + WORD_EDGE + ")";
          case 'A' -> "\\A";
          case 'z' -> "\\z";
          case 'Z' -> "(?=\\n?\\z)";
          default -> "";
        };
    if (!anchor.isEmpty()) {
      in.next();
      out.append(anchor);
      return false;
    }
    if (in.take("R")) {
      out.append(LINE_BREAK);
      return true;
    }
    out.append('[').append(new CharacterClasses(in, ignoresCase).loneEscape()).append(']');
    return true;
  }

  private boolean group() {
    if (!in.take("?")) {
      return closed("(?:");
    }
    for (String kind : new String[] {":", "=", "!", ">", "<=", "<!"}) {
      if (in.take(kind)) {
        return closed("(?" + kind) && (kind.equals(":") || kind.equals(">"));
      }
    }
    if (in.take("#")) {
      while (in.next() != ')') {
        // a comment
      }
      return false;
    }
    if (in.take("<")) { // a group name, which nothing refers to
      while (in.next() != '>') {
        // up to its end
      }
      return closed("(?:");
    }
    return options();
  }

  /** Translates up to the closing parenthesis. */
  private boolean closed(String opening) {
    out.append(opening);
    alternatives();
    if (!in.take(")")) {
      throw in.error("a group that closes");
    }
    out.append(')');
    return true;
  }

  /** {@code (?i:...)}, or {@code (?i)}, which holds up to the end of the enclosing group. */
  private boolean options() {
    boolean on = true;
    boolean outerDot = dotIsAll;
    boolean outerCase = ignoresCase;
    while (!in.sees(":") && !in.sees(")")) {
      int option = in.next();
      if (option == '-' && on) {
        on = false;
      } else if (option == 'i') {
        ignoresCase = on;
      } else if (option == 'm') {
        dotIsAll = on;
      } else {
        throw in.error("options of i and m");
      }
    }
    if (in.take(":")) {
      closed("(?:");
      dotIsAll = outerDot;
      ignoresCase = outerCase;
      return true;
    }
    in.take(")");
    out.append("(?:");
    alternatives();
    out.append(')');
    return false;
  }

  private void quantifiers(int from) {
    while (true) {
      boolean wasInterval = false;
      String quantifier;
      if (in.take("*")) {
        quantifier = "*";
      } else if (in.take("+")) {
        quantifier = "+";
      } else if (in.take("?")) {
        quantifier = "?";
      } else {
        quantifier = in.sees("{") ? interval() : "";
        wasInterval = true;
      }
      if (quantifier.isEmpty()) {
        return;
      }
      out.insert(from, "(?:").append(')').append(quantifier);
      if (in.take("?")) {
        out.append('?');
      } else if (!wasInterval && in.take("+")) {
        out.append('+');
      }
    }
  }

  /** An interval, {@code {2}, {2,}, {,3}, {2,3}}; anything else in braces is literal. */
  private String interval() {
    var interval = INTERVAL.matcher(in.rest());
    if (!interval.lookingAt() || (interval.group(1).isEmpty() && !hasNumber(interval.group(3)))) {
      return "";
    }
    String low = interval.group(1).isEmpty() ? "0" : interval.group(1);
    String high = interval.group(2) == null ? low : interval.group(3);
    int most = high.isEmpty() ? Integer.parseInt(low) : Integer.parseInt(high);
    if (most > MOST_REPEATS || Integer.parseInt(low) > most) {
      throw in.error("repeats from few to at most " + MOST_REPEATS);
    }
    in.take(interval.group());
    return "{" + low + (high.equals(low) ? "" : "," + high) + "}";
  }

  @SuppressWarnings("UnnecessarilyFullyQualified")
  private static boolean hasNumber(@org.jspecify.annotations.Nullable String digits) {
    return digits != null && !digits.isEmpty();
  }
}
