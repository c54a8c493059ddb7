package io.github.blip2j.text.tokenizer.pattern;

import io.github.blip2j.text.tokenizer.unicode.UnicodeData;
import io.github.blip2j.text.unicode.LowerCase;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Equality of characters without regard to case, as in Oniguruma: by Unicode's full case folding. A
 * sharp s equals two letters s, and a dotless i equals only itself. Java compares upper and lower
 * case of single characters only.
 */
final class CaseFolding {
  private static final int DOTTED_I = 0x130;
  private static final int DOTLESS_I = 0x131;
  private static final int LONGEST = 3; // characters in a folded form
  private static final BitSet KNOWN = known();

  /** The set of equal characters for each character that has such a set, itself included. */
  private static final Map<Integer, SortedSet<Integer>> ALIKE = alike();

  /**
   * The characters that equal a sequence of several, by that sequence; in the key, each character
   * is replaced by the smallest equal one.
   */
  private static final Map<String, SortedSet<Integer>> BY_SEVERAL = bySeveral();

  private static final Map<Integer, String> SEVERAL = several();

  private CaseFolding() {}

  /** An expression that matches a sequence of characters without regard to case. */
  static String literals(List<Integer> characters) {
    var java = new StringBuilder();
    for (int i = 0; i < characters.size(); ) {
      int taken = 1;
      for (int length = LONGEST; length > 1 && taken == 1; length--) {
        if (i + length <= characters.size()) {
          List<Integer> some = characters.subList(i, i + length);
          @Nullable SortedSet<Integer> one = BY_SEVERAL.get(key(some));
          if (one != null) {
            java.append("(?:").append(each(some)).append('|').append(set(one)).append(')');
            taken = length;
          }
        }
      }
      java.append(taken == 1 ? literal(characters.get(i)) : "");
      i += taken;
    }
    return java.toString();
  }

  /** An expression that matches one character, or the sequence that equals it. */
  private static String literal(int c) {
    @Nullable String several = SEVERAL.get(c);
    return several == null
        ? set(alike(c))
        : "(?:" + set(alike(c)) + "|" + each(several.codePoints().boxed().toList()) + ")";
  }

  /** An expression for a class with {@code inside} between its brackets. */
  static String bracket(String inside, boolean negated) {
    Pattern own = Pattern.compile("[" + inside + "]");
    var more = new TreeSet<Integer>();
    var several = new TreeSet<String>();
    ALIKE.forEach(
        (c, others) -> {
          if (others.stream().anyMatch(other -> isIn(own, other))) {
            more.addAll(others);
          }
        });
    SEVERAL.forEach(
        (c, text) -> {
          if (!negated && (isIn(own, c) || more.contains(c))) {
            several.add(each(text.codePoints().boxed().toList()));
          }
        });
    String all = more.isEmpty() ? inside : "[" + inside + "]" + set(more);
    String java = negated ? "[^" + all + "]" : "[" + all + "]";
    return several.isEmpty() ? java : "(?:" + java + "|" + String.join("|", several) + ")";
  }

  private static boolean isIn(Pattern set, int c) {
    return set.matcher(Character.toString(c)).matches();
  }

  private static String each(List<Integer> characters) {
    var java = new StringBuilder();
    characters.forEach(c -> java.append(set(alike(c))));
    return java.toString();
  }

  private static String set(SortedSet<Integer> characters) {
    var java = new StringBuilder("[");
    characters.forEach(c -> java.append(RegexReader.literal(c)));
    return java.append(']').toString();
  }

  private static SortedSet<Integer> alike(int c) {
    return ALIKE.getOrDefault(c, new TreeSet<>(List.of(c)));
  }

  private static String key(List<Integer> characters) {
    var key = new StringBuilder();
    characters.forEach(c -> key.appendCodePoint(alike(c).first()));
    return key.toString();
  }

  private static BitSet known() {
    BitSet known = UnicodeData.ofCategories(1 << Character.UNASSIGNED);
    known.flip(0, Character.MAX_CODE_POINT + 1);
    return known;
  }

  private static Map<Integer, SortedSet<Integer>> alike() {
    Map<Integer, SortedSet<Integer>> alike = new TreeMap<>();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c != DOTTED_I && c != DOTLESS_I) {
        join(alike, c, Character.toLowerCase(c));
        join(alike, c, Character.toUpperCase(c));
        join(alike, c, LowerCase.simple(c));
      }
    }
    for (SortedSet<Integer> several : byUpperCase().values()) {
      several.forEach(c -> join(alike, several.first(), c));
    }
    return alike;
  }

  private static void join(Map<Integer, SortedSet<Integer>> alike, int a, int b) {
    if (a == b || !KNOWN.get(a) || !KNOWN.get(b)) {
      return;
    }
    var all = new TreeSet<>(List.of(a, b));
    all.addAll(alike.getOrDefault(a, all));
    all.addAll(alike.getOrDefault(b, all));
    all.forEach(c -> alike.put(c, all));
  }

  /** Characters by the sequences that equal them. */
  private static Map<String, SortedSet<Integer>> byUpperCase() {
    Map<String, SortedSet<Integer>> several = new TreeMap<>();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (Character.isLetter(c)) {
        String one = Character.toString(c);
        String upper = c == DOTTED_I ? one.toLowerCase(Locale.ROOT) : one.toUpperCase(Locale.ROOT);
        if (upper.codePointCount(0, upper.length()) > 1) {
          several.computeIfAbsent(upper, none -> new TreeSet<>()).add(c);
        }
      }
    }
    return several;
  }

  private static Map<String, SortedSet<Integer>> bySeveral() {
    Map<String, SortedSet<Integer>> several = new HashMap<>();
    byUpperCase()
        .forEach(
            (text, characters) -> {
              var all = new TreeSet<Integer>();
              characters.forEach(c -> all.addAll(alike(c)));
              several.put(key(text.codePoints().boxed().toList()), all);
            });
    return several;
  }

  private static Map<Integer, String> several() {
    Map<Integer, String> several = new TreeMap<>();
    BY_SEVERAL.forEach((text, characters) -> characters.forEach(c -> several.put(c, text)));
    return several;
  }
}
