package io.github.blip2j.nn;

import io.github.blip2j.io.file.NearNames;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A pattern of parameter names: a glob such as {@code vision.layers.3[0-9].*}, or a regular
 * expression between slashes. In a glob {@code *} stands for any characters, dots included, {@code
 * ?} for one, and {@code [...]} for one of a set. Either matches whole names.
 */
public final class ParameterPattern {
  private static final int SHOWN = 3;
  private static final Pattern SPECIAL = Pattern.compile("[*?\\[(\\\\+|{]");

  private final String text;
  private final Pattern pattern;

  private ParameterPattern(String text, Pattern pattern) {
    this.text = text;
    this.pattern = pattern;
  }

  /**
   * Reads a pattern.
   *
   * @throws IllegalArgumentException if it is blank, or its regular expression or set is wrong
   */
  public static ParameterPattern of(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException("parameter pattern: text expected, got none");
    }
    boolean regex = text.length() > 1 && text.startsWith("/") && text.endsWith("/");
    String expression = regex ? text.substring(1, text.length() - 1) : expression(text);
    try {
      return new ParameterPattern(text, Pattern.compile(expression));
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "parameter pattern: %s expected, got '%s'; %s",
              regex ? "regular expression" : "glob",
              text,
              e.getDescription().toLowerCase(Locale.ROOT)),
          e);
    }
  }

  private static String expression(String glob) {
    var expression = new StringBuilder();
    boolean inSet = false;
    for (int i = 0; i < glob.length(); i++) {
      char c = glob.charAt(i);
      if (inSet) {
        expression.append(c == '!' && glob.charAt(i - 1) == '[' ? '^' : c);
        inSet = c != ']';
      } else if (c == '[') {
        expression.append(c);
        inSet = true;
      } else if (c == '*') {
        expression.append(".*");
      } else if (c == '?') {
        expression.append('.');
      } else {
        expression.append(Pattern.quote(String.valueOf(c)));
      }
    }
    return expression.toString();
  }

  /** Whether a parameter has a name of this pattern. */
  public boolean matches(String name) {
    return pattern.matcher(name).matches();
  }

  /**
   * The names that match at least one of several patterns.
   *
   * @param where for messages, such as an option
   * @throws IllegalArgumentException if a pattern matches none, naming those that are nearest to it
   */
  public static NavigableSet<String> select(
      String where, List<String> patterns, Collection<String> names) {
    NavigableSet<String> selected = new TreeSet<>();
    for (String text : patterns) {
      ParameterPattern pattern = of(text);
      boolean any = false;
      for (String name : names) {
        if (pattern.matches(name)) {
          selected.add(name);
          any = true;
        }
      }
      if (!any) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: pattern expected to match a parameter, got none for '%s'; near it are %s",
                where,
                text,
                String.join(", ", NearNames.beginningLike(beginning(text), names, SHOWN))));
      }
    }
    return selected;
  }

  /** What a pattern begins with, up to the first character that stands for others. */
  private static String beginning(String text) {
    String own = text.startsWith("/") ? text.substring(1).replace("\\.", ".") : text;
    return SPECIAL.split(own, 2)[0];
  }

  @Override
  public String toString() {
    return text;
  }
}
