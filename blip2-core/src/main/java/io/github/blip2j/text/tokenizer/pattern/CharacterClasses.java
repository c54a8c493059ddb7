package io.github.blip2j.text.tokenizer.pattern;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Translates Oniguruma's character classes to Java's syntax, with their Unicode meaning. */
final class CharacterClasses {
  private static final String WORD = PropertyClass.word();
  private static final String SPACE =
      "\\x09-\\x0D\\x20\\x85\\xA0\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}"
          + "\\x{205F}\\x{3000}";
  private static final String ASSIGNED = "[^" + PropertyClass.category("Cn") + "]";
  private static final String GRAPH =
      "[^"
          + PropertyClass.category("Cc")
          + PropertyClass.category("Cn")
          + PropertyClass.category("Cs")
          + PropertyClass.category("Z")
          + "]";
  private static final String HEX = "0-9A-Fa-f";
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("alnum", PropertyClass.alphabetic() + PropertyClass.category("Nd")),
          Map.entry("alpha", PropertyClass.alphabetic()),
          Map.entry("alphabetic", PropertyClass.alphabetic()),
          Map.entry("ascii", "\\x00-\\x7F"),
          Map.entry("any", "\\x{0}-\\x{10FFFF}"),
          Map.entry("blank", "\\x09" + PropertyClass.category("Zs")),
          Map.entry("cntrl", PropertyClass.category("Cc")),
          Map.entry("digit", PropertyClass.category("Nd")),
          Map.entry("lower", PropertyClass.lowercase()),
          Map.entry("lowercase", PropertyClass.lowercase()),
          Map.entry("punct", PropertyClass.category("P") + PropertyClass.category("S")),
          Map.entry("space", SPACE),
          Map.entry("whitespace", SPACE),
          Map.entry("upper", PropertyClass.uppercase()),
          Map.entry("uppercase", PropertyClass.uppercase()),
          Map.entry("word", WORD),
          Map.entry("xdigit", HEX),
          Map.entry("graph", GRAPH),
          Map.entry("print", GRAPH + PropertyClass.category("Zs")),
          Map.entry("assigned", ASSIGNED),
          Map.entry("letter", PropertyClass.category("L")),
          Map.entry("mark", PropertyClass.category("M")),
          Map.entry("number", PropertyClass.category("N")),
          Map.entry("punctuation", PropertyClass.category("P")),
          Map.entry("symbol", PropertyClass.category("S")),
          Map.entry("separator", PropertyClass.category("Z")));

  /** What may stand between {@code [:} and {@code :]}, in lower case. */
  private static final List<String> POSIX_NAMES =
      List.of(
          "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
          "space", "upper", "word", "xdigit");

  private final RegexReader in;
  private final boolean ignoresCase;

  CharacterClasses(RegexReader in, boolean ignoresCase) {
    this.in = in;
    this.ignoresCase = ignoresCase;
  }

  /**
   * Translates the class after an opening bracket to a Java class, or to an equivalent expression.
   */
  String bracket() {
    return bracket(0);
  }

  private String bracket(int depth) {
    if (depth > 20) {
      throw in.error("at most 20 brackets within another");
    }
    boolean negated = in.take("^");
    var union = new StringBuilder();
    var intersection = new StringBuilder();
    boolean first = true;
    while (first || !in.sees("]")) {
      if (in.take("&&")) {
        intersection.append('[').append(union).append("]&&");
        union.setLength(0);
      } else {
        element(depth, union, first);
      }
      first = false;
    }
    in.take("]");
    if (union.length() == 0) {
      throw in.error("a class that holds something");
    }
    String all = intersection.append('[').append(union).append(']').toString();
    if (ignoresCase && depth == 0) { // only the outermost of nested brackets is folded
      return CaseFolding.bracket(all, negated);
    }
    return negated ? "[^" + all + "]" : "[" + all + "]";
  }

  private void element(int depth, StringBuilder union, boolean first) {
    if (in.sees("[:") && in.comesBefore(":]", ']')) {
      union.append(posixBracket());
      return;
    }
    if (in.take("[")) {
      union.append(bracket(depth + 1));
      return;
    }
    if (in.sees("]") && !first) {
      return;
    }
    int low;
    if (in.take("\\")) {
      if (isSet(in.peek())) {
        union.append(escape());
        return;
      }
      low = escapedCodePoint(true);
    } else {
      low = in.next();
    }
    union.append(RegexReader.literal(low));
    if (in.sees("-") && !in.sees("-]") && !in.sees("-[") && !in.sees("-&&")) {
      in.take("-");
      boolean escaped = in.take("\\");
      if (escaped && isSet(in.peek())) { // a set can't end a range: the hyphen is literal
        union.append("\\x2D").append(escape());
        return;
      }
      int high = escaped ? escapedCodePoint(true) : in.next();
      if (high < low) {
        throw in.error("a range from low to high");
      }
      union.append('-').append(RegexReader.literal(high));
    }
  }

  /** A bracket such as {@code [:alpha:]}; another name in it is an error. */
  private String posixBracket() {
    in.take("[:");
    boolean negated = in.take("^");
    for (String name : POSIX_NAMES) {
      if (in.take(name + ":]")) {
        String set = Objects.requireNonNull(NAMES.get(name));
        return negated ? "[^" + set + "]" : set;
      }
    }
    throw in.error("a POSIX bracket of " + POSIX_NAMES);
  }

  /** Whether an escape denotes a set of characters, whose case always counts. */
  static boolean isSet(char c) {
    return "dDwWsShHpP".indexOf(c) >= 0;
  }

  /** The inside of a Java class for an escape outside of brackets. */
  String loneEscape() {
    for (String word : new String[] {"w", "p{Word}", "P{^Word}"}) {
      if (in.take(word)) {
        return PropertyClass.loneWord();
      }
    }
    for (String other : new String[] {"W", "P{Word}", "p{^Word}"}) {
      if (in.take(other)) {
        return "[^" + PropertyClass.loneWord() + "]";
      }
    }
    return escape();
  }

  /** The character of an escape outside of brackets that is no set. */
  int loneCodePoint() {
    return escapedCodePoint(false);
  }

  private String escape() {
    char c = in.peek();
    if (!isSet(c)) {
      return RegexReader.literal(escapedCodePoint(false));
    }
    in.next();
    if (c == 'p' || c == 'P') {
      if (!in.take("{")) {
        throw in.error("a property in braces");
      }
      boolean negated = in.take("^") != (c == 'P');
      String set = named(in.until("}"));
      return negated ? "[^" + set + "]" : set;
    }
    String set =
        switch (Character.toLowerCase(c)) {
          case 'd' -> PropertyClass.category("Nd");
          case 'w' -> WORD;
          case 's' -> SPACE;
          default -> HEX;
        };
    return Character.isUpperCase(c) ? "[^" + set + "]" : set;
  }

  private int escapedCodePoint(boolean inClass) {
    int c = in.next();
    return switch (c) {
      case 't' -> '\t';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 'f' -> '\f';
      case 'v' -> 0x0B;
      case 'a' -> 0x07;
      case 'e' -> 0x1B;
      case 'x' -> hexadecimal();
      case 'u' -> in.digits(16, 4);
      case '0' -> in.sees("0") || in.sees("1") ? in.digits(8, 2) : 0;
      default -> {
        if (c == 'b' && inClass) {
          yield '\b';
        }
        if (c < 0x80 && Character.isLetterOrDigit(c)) {
          throw in.error("no escape \\" + (char) c);
        }
        yield c;
      }
    };
  }

  private int hexadecimal() {
    if (in.take("{")) {
      int value = in.digits(16, 8);
      if (!in.take("}")) {
        throw in.error("one code point");
      }
      return value;
    }
    int value = in.digits(16, 2);
    if (value > 0x7F) { // a byte of UTF-8, not a character
      throw in.error("\\x{...} for a character");
    }
    return value;
  }

  private String named(String name) {
    String key = name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", "");
    if (name.startsWith("^") || key.isEmpty()) {
      throw in.error("a property's name");
    }
    // Symbols count as punctuation only between [: and :].
    String known = NAMES.get(key.equals("punct") ? "punctuation" : key);
    if (known != null) {
      return known;
    }
    String category =
        key.equals("lc") ? "LC" : key.substring(0, 1).toUpperCase(Locale.ROOT) + key.substring(1);
    if (PropertyClass.isCategory(category)) {
      return PropertyClass.category(category);
    }
    String script = PropertyClass.script(name.replaceAll("[ -]", "_"));
    if (script.isEmpty()) {
      throw in.error("a known property, not " + name + ",");
    }
    return script;
  }
}
