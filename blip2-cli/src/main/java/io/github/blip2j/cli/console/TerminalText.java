package io.github.blip2j.cli.console;

import java.util.Locale;
import java.util.function.IntPredicate;

/**
 * Escapes text for a terminal. Names of files, tensors and models come from outside and may hold
 * characters that control a terminal: escape sequences, line ends, marks that change the direction
 * of text. Such characters are replaced by their numbers, as in {@code \x1b}.
 */
public final class TerminalText {
  private TerminalText() {}

  /** A text on one line. */
  static String line(String text) {
    return escaped(text, TerminalText::isObeyed, false);
  }

  /** A text of several lines, with its line ends and tabs. */
  static String lines(String text) {
    return escaped(text, c -> isObeyed(c) && c != '\n' && c != '\r' && c != '\t', false);
  }

  /** A JSON document, with these characters in JSON's own escapes. */
  public static String json(String document) {
    return escaped(document, TerminalText::isObeyed, true);
  }

  private static String escaped(String text, IntPredicate obeyed, boolean json) {
    if (text.codePoints().noneMatch(obeyed)) {
      return text;
    }
    var shown = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (obeyed.test(c)) {
                String spelling = json || c > 0xff ? "\\u%04x" : "\\x%02x";
                shown.append(String.format(Locale.ROOT, spelling, c));
              } else {
                shown.appendCodePoint(c);
              }
            });
    return shown.toString();
  }

  private static boolean isObeyed(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE -> // a surrogate without its pair
          true;
      default -> (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    };
  }
}
