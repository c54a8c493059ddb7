package io.github.blip2j.text.tokenizer.pattern;

import io.github.blip2j.text.tokenizer.unicode.UnicodeData;
import io.github.blip2j.text.unicode.UnicodeTables;
import java.lang.Character.UnicodeScript;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;

/**
 * Unicode properties as the inside of a Java character class: Java's own property, minus characters
 * newer than Unicode 16, Oniguruma's version, plus those that this Java lacks.
 */
final class PropertyClass {
  // By the numbers of Character.getType, which has no 17.
  private static final String CATEGORIES =
      "Lu Ll Lt Lm Lo Mn Me Mc Nd Nl No Zs Zl Zp Cc Cf -- Co"
          + " Cs Pd Ps Pe Pc Po Sm Sc Sk So Pi Pf";
  private static final String[] BY_TYPE = ("Cn " + CATEGORIES).split(" ");
  private static final int WORD_CATEGORIES =
      1 << Character.NON_SPACING_MARK
          | 1 << Character.ENCLOSING_MARK
          | 1 << Character.COMBINING_SPACING_MARK
          | 1 << Character.DECIMAL_DIGIT_NUMBER
          | 1 << Character.CONNECTOR_PUNCTUATION;
  private static final Map<String, String> KNOWN = new ConcurrentHashMap<>();

  private PropertyClass() {}

  /** A general category of one or two letters, or {@code LC}. */
  static String category(String name) {
    return KNOWN.computeIfAbsent(name, PropertyClass::makeCategory);
  }

  /** Whether a category has that name. */
  static boolean isCategory(String name) {
    return bits(name) != 0;
  }

  static String alphabetic() {
    return KNOWN.computeIfAbsent("alphabetic", n -> binary(n, Character::isAlphabetic));
  }

  static String lowercase() {
    return KNOWN.computeIfAbsent("lowercase", n -> binary(n, Character::isLowerCase));
  }

  static String uppercase() {
    return KNOWN.computeIfAbsent("uppercase", n -> binary(n, Character::isUpperCase));
  }

  /** {@code \w} inside brackets: Unicode's definition. */
  static String word() {
    return alphabetic() + category("M") + category("Nd") + category("Pc");
  }

  /**
   * {@code \w} outside brackets and in word boundaries, where Oniguruma includes a few more
   * characters.
   */
  static String loneWord() {
    return KNOWN.computeIfAbsent(
        "lone word",
        n ->
            adjusted(
                "\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}",
                UnicodeTables.set("library.regex.word"),
                c ->
                    Character.isAlphabetic(c)
                        || (WORD_CATEGORIES >>> Character.getType(c) & 1) == 1));
  }

  /** A script by its name or short name; empty if there is none. */
  static String script(String name) {
    int number = -1;
    List<String> names = UnicodeTables.scriptNames();
    for (int i = 0; i < names.size(); i++) {
      number = names.get(i).equalsIgnoreCase(name) ? i : number;
    }
    int wanted = number;
    return number < 0
        ? ""
        : KNOWN.computeIfAbsent("script " + names.get(number), key -> makeScript(key, wanted));
  }

  private static String makeScript(String key, int number) {
    byte[] scripts = UnicodeTables.map("scripts");
    var wanted = new BitSet();
    for (int c = 0; c < scripts.length; c++) {
      wanted.set(c, scripts[c] == (byte) number);
    }
    String name = key.substring("script ".length());
    try {
      UnicodeScript java = UnicodeScript.forName(name);
      return adjusted("\\p{Is" + java + "}", wanted, c -> UnicodeScript.of(c) == java);
    } catch (IllegalArgumentException e) { // unknown to this Java
      return adjusted("", wanted, c -> false);
    }
  }

  private static String makeCategory(String name) {
    int bits = bits(name);
    var java = new StringBuilder();
    for (int type = 0; type < BY_TYPE.length; type++) {
      if ((bits >>> type & 1) == 1) {
        java.append("\\p{").append(BY_TYPE[type]).append('}');
      }
    }
    return adjusted(
        java.toString(),
        UnicodeData.ofCategories(bits),
        c -> (bits >>> Character.getType(c) & 1) == 1);
  }

  private static int bits(String name) {
    int bits = 0;
    for (int type = 0; type < BY_TYPE.length; type++) {
      boolean cased = name.equals("LC") && (type >= 1 && type <= 3);
      if (cased || (!name.isEmpty() && BY_TYPE[type].startsWith(name))) {
        bits |= 1 << type;
      }
    }
    return bits;
  }

  private static String binary(String name, IntPredicate java) {
    String property =
        "\\p{Is" + name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1) + "}";
    return adjusted(property, UnicodeTables.set(name), java);
  }

  private static String adjusted(String java, BitSet wanted, IntPredicate known) {
    var lacking = new StringBuilder();
    var beyond = new StringBuilder();
    for (int c = 0; c <= Character.MAX_CODE_POINT; ) {
      boolean want = wanted.get(c);
      int from = c;
      while (c <= Character.MAX_CODE_POINT && wanted.get(c) == want && known.test(c) != want) {
        c++;
      }
      if (c > from) {
        (want ? lacking : beyond)
            .append(String.format(Locale.ROOT, "\\x{%X}-\\x{%X}", from, c - 1));
      } else {
        c++;
      }
    }
    if (beyond.length() == 0) {
      return java + lacking;
    }
    return "[[" + java + lacking + "]&&[^" + beyond + "]]";
  }
}
