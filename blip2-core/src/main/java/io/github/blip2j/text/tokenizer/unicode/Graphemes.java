package io.github.blip2j.text.tokenizer.unicode;

import java.util.BitSet;

/**
 * Ends of grapheme clusters (Unicode Standard Annex 29), as far as short ones need: accents and
 * joiners belong to the preceding character, and jamo of a syllable stay together. Flags and emoji
 * sequences are split here; they are longer than the clusters that callers use.
 */
public final class Graphemes {
  private static final BitSet CONTROLS =
      UnicodeData.ofCategories(
          1 << Character.CONTROL
              | 1 << Character.FORMAT
              | 1 << Character.LINE_SEPARATOR
              | 1 << Character.PARAGRAPH_SEPARATOR);
  private static final int[] PREPENDED = {
    0x600, 0x605, 0x6DD, 0x6DD, 0x70F, 0x70F, 0x890, 0x891, 0x8E2, 0x8E2, 0xD4E, 0xD4E, 0x110BD,
    0x110BD, 0x110CD, 0x110CD, 0x111C2, 0x111C3, 0x1193F, 0x1193F, 0x11941, 0x11941, 0x11A3A,
    0x11A3A, 0x11A84, 0x11A89, 0x11D46, 0x11D46, 0x11F02, 0x11F02
  };
  // Spacing marks that form clusters of their own, against their category.
  private static final int[] STANDING = {
    0x102B, 0x102C, 0x1038, 0x1038, 0x1062, 0x1064, 0x1067, 0x106D, 0x1083, 0x1083, 0x1087, 0x108C,
    0x108F, 0x108F, 0x109A, 0x109C, 0x1A61, 0x1A61, 0x1A63, 0x1A64, 0xAA7B, 0xAA7B, 0xAA7D, 0xAA7D,
    0x11720, 0x11721
  };
  private static final BitSet EXTENDING = extending();

  private Graphemes() {}

  /** The end of the cluster that begins at {@code from}. */
  public static int end(String text, int from) {
    int at = from;
    int codePoint = text.codePointAt(at);
    at += Character.charCount(codePoint);
    while (at < text.length() && isPrepended(codePoint) && !isControl(text.codePointAt(at))) {
      codePoint = text.codePointAt(at);
      at += Character.charCount(codePoint);
    }
    if (codePoint == '\r' && at < text.length() && text.charAt(at) == '\n') {
      return at + 1;
    }
    if (isControl(codePoint)) {
      return at;
    }
    while (at < text.length() && joinsJamo(codePoint, text.charAt(at))) {
      codePoint = text.charAt(at++);
    }
    while (at < text.length() && EXTENDING.get(text.codePointAt(at))) {
      at += Character.charCount(text.codePointAt(at));
    }
    return at;
  }

  private static boolean isControl(int c) {
    return CONTROLS.get(c)
        && c != 0x200C
        && c != 0x200D
        && !isPrepended(c)
        && !(c >= 0xE0020 && c <= 0xE007F);
  }

  private static boolean isPrepended(int c) {
    return c >= PREPENDED[0] && in(PREPENDED, c);
  }

  /**
   * Whether two characters join to a Hangul syllable: leading consonant, vowel, trailing consonant,
   * or precomposed syllables.
   */
  private static boolean joinsJamo(int c, char next) {
    boolean syllable = (c >= 0xAC00 && c <= 0xD7A3);
    boolean open = syllable && (c - 0xAC00) % 28 == 0;
    boolean leading = (c >= 0x1100 && c <= 0x115F) || (c >= 0xA960 && c <= 0xA97C);
    boolean vowel = isVowel(c) || open;
    boolean trailing = (c >= 0x11A8 && c <= 0x11FF) || (c >= 0xD7CB && c <= 0xD7FB) || syllable;
    boolean leadingNext =
        (next >= 0x1100 && next <= 0x115F)
            || (next >= 0xA960 && next <= 0xA97C)
            || (next >= 0xAC00 && next <= 0xD7A3);
    boolean trailingNext = (next >= 0x11A8 && next <= 0x11FF) || (next >= 0xD7CB && next <= 0xD7FB);
    return (leading && (leadingNext || isVowel(next)))
        || (vowel && (isVowel(next) || trailingNext))
        || (trailing && trailingNext);
  }

  private static boolean isVowel(int c) {
    return (c >= 0x1160 && c <= 0x11A7) || (c >= 0xD7B0 && c <= 0xD7C6);
  }

  private static BitSet extending() {
    BitSet set =
        UnicodeData.ofCategories(
            1 << Character.NON_SPACING_MARK
                | 1 << Character.ENCLOSING_MARK
                | 1 << Character.COMBINING_SPACING_MARK);
    for (int i = 0; i < STANDING.length; i += 2) {
      set.clear(STANDING[i], STANDING[i + 1] + 1);
    }
    for (int c : new int[] {0x200C, 0x200D, 0xFF9E, 0xFF9F, 0xE33, 0xEB3}) {
      set.set(c);
    }
    set.set(0x1F3FB, 0x1F400);
    set.set(0xE0020, 0xE0080);
    return set;
  }

  private static boolean in(int[] ranges, int c) {
    for (int i = 0; i < ranges.length; i += 2) {
      if (c >= ranges[i] && c <= ranges[i + 1]) {
        return true;
      }
    }
    return false;
  }
}
