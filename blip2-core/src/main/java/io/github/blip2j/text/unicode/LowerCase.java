package io.github.blip2j.text.unicode;

import java.util.BitSet;
import java.util.Map;

/** Lower-casing as in the reference implementations. */
public final class LowerCase {
  private static final Map<Integer, Integer> PAIRS = UnicodeTables.pairs("lower");
  private static final Map<Integer, Integer> NEWER = UnicodeTables.pairs("lower.newer");
  private static final BitSet CASED = UnicodeTables.set("python.cased");
  private static final BitSet IGNORABLE = UnicodeTables.set("python.ignorable");
  private static final int DOTTED_I = 0x130;
  private static final int SIGMA = 0x3A3;
  private static final int LAST_SIGMA = 0x3C2;

  private LowerCase() {}

  /**
   * Python 3.11's {@code str.lower()}, Unicode 14: full mappings, with another sigma at the end of
   * a word than within.
   */
  public static String python(String text) {
    var out = new StringBuilder(text.length() + 8);
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      if (c == SIGMA && endsWord(text, i)) {
        out.appendCodePoint(LAST_SIGMA);
      } else {
        append(c, PAIRS, out);
      }
      i += Character.charCount(c);
    }
    return out.toString();
  }

  /** Appends Rust's {@code char::to_lowercase}, Unicode 17, which ignores the context. */
  public static void appendRust(int c, StringBuilder out) {
    append(c, c < DOTTED_I || PAIRS.containsKey(c) ? PAIRS : NEWER, out);
  }

  /**
   * The single code point that is the lower case of another in Unicode 17, or the same code point.
   */
  public static int simple(int c) {
    return PAIRS.getOrDefault(c, NEWER.getOrDefault(c, c));
  }

  private static void append(int c, Map<Integer, Integer> pairs, StringBuilder out) {
    if (c < 0x80) {
      out.append((char) (c >= 'A' && c <= 'Z' ? c + 32 : c));
    } else if (c == DOTTED_I) {
      out.append('i').append('\u0307');
    } else {
      out.appendCodePoint(pairs.getOrDefault(c, c));
    }
  }

  /** Whether letters precede and none follow; characters such as accents are ignored. */
  private static boolean endsWord(String text, int at) {
    int before = at;
    while (before > 0 && IGNORABLE.get(text.codePointBefore(before))) {
      before -= Character.charCount(text.codePointBefore(before));
    }
    if (before == 0 || !CASED.get(text.codePointBefore(before))) {
      return false;
    }
    int behind = at + 1;
    while (behind < text.length() && IGNORABLE.get(text.codePointAt(behind))) {
      behind += Character.charCount(text.codePointAt(behind));
    }
    return behind == text.length() || !CASED.get(text.codePointAt(behind));
  }
}
