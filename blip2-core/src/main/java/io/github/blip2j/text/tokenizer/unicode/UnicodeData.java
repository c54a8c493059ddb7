package io.github.blip2j.text.tokenizer.unicode;

import io.github.blip2j.text.unicode.UnicodeTables;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.BitSet;

/**
 * Unicode properties as in the tokenizers library. Its parts use different versions of Unicode, and
 * so do Java releases, so tables hold all properties that have ever changed.
 */
public final class UnicodeData {
  /** Script number of characters that belong to any script. */
  public static final int ANY_SCRIPT = 0;

  private static final byte[] CATEGORIES = UnicodeTables.map("categories");
  private static final BitSet LETTERS =
      ofCategories(
          1 << Character.UPPERCASE_LETTER
              | 1 << Character.LOWERCASE_LETTER
              | 1 << Character.TITLECASE_LETTER
              | 1 << Character.MODIFIER_LETTER
              | 1 << Character.OTHER_LETTER);
  private static final BitSet NUMBERS =
      ofCategories(
          1 << Character.DECIMAL_DIGIT_NUMBER
              | 1 << Character.LETTER_NUMBER
              | 1 << Character.OTHER_NUMBER);
  private static final BitSet PUNCTUATION = UnicodeTables.set("library.punctuation");
  private static final BitSet NUMERIC = UnicodeTables.set("library.numeric");
  private static final BitSet OTHER = UnicodeTables.set("library.other");
  private static final BitSet NON_SPACING = UnicodeTables.set("library.nonspacing");
  private static final BitSet MARKS = UnicodeTables.set("library.mark");
  private static final BitSet WORD = UnicodeTables.set("library.word");
  private static final BitSet NORMALIZED = UnicodeTables.set("assigned9");

  private UnicodeData() {}

  /** White space, unchanged since Unicode 6.3. */
  public static boolean isWhiteSpace(int c) {
    if (c < 0x80) {
      return c == ' ' || (c >= 0x09 && c <= 0x0D);
    }
    return switch (c) {
      case 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000 -> true;
      default -> (c >= 0x2000 && c <= 0x200A);
    };
  }

  /** Control, format and private-use characters, which BERT's normalizer removes. */
  public static boolean isOther(int c) {
    return OTHER.get(c);
  }

  public static boolean isNonSpacingMark(int c) {
    return NON_SPACING.get(c);
  }

  public static boolean isMark(int c) {
    return MARKS.get(c);
  }

  /** Punctuation, and all ASCII characters other than letters, digits, spaces and controls. */
  public static boolean isPunctuation(int c) {
    return PUNCTUATION.get(c);
  }

  /** Digits and other numbers. */
  public static boolean isNumeric(int c) {
    return NUMERIC.get(c);
  }

  /** {@code \p{L}} of regular expressions. */
  public static boolean isRegexLetter(int c) {
    return LETTERS.get(c);
  }

  /** {@code \p{N}} of regular expressions. */
  public static boolean isRegexNumber(int c) {
    return NUMBERS.get(c);
  }

  /** {@code \w} around added tokens. */
  public static boolean isWord(int c) {
    return WORD.get(c);
  }

  public static int script(int c) {
    return Scripts.OF[c];
  }

  /**
   * Code points of the categories whose bits are set; bits are numbered as in {@link Character}.
   */
  public static BitSet ofCategories(int bits) {
    var set = new BitSet();
    for (int c = 0; c < CATEGORIES.length; c++) {
      if ((bits >>> CATEGORIES[c] & 1) == 1) {
        set.set(c);
      }
    }
    return set;
  }

  /**
   * The normal form in Unicode 9. Newer characters stay as they are and separate their neighbours;
   * older ones have the same form in every later version.
   */
  public static String normalize(String text, Form form) {
    int newer = newer(text, 0);
    if (newer == text.length()) {
      return Normalizer.normalize(text, form);
    }
    var out = new StringBuilder(text.length() + 16);
    int from = 0;
    while (newer < text.length()) {
      int next = newer + Character.charCount(text.codePointAt(newer));
      out.append(Normalizer.normalize(text.substring(from, newer), form));
      out.append(text, newer, next);
      from = next;
      newer = newer(text, from);
    }
    return out.append(Normalizer.normalize(text.substring(from), form)).toString();
  }

  /** The index of the first code point that Unicode 9 lacks, or the text's length. */
  private static int newer(String text, int from) {
    int at = from;
    while (at < text.length()) {
      int c = text.codePointAt(at);
      if (!NORMALIZED.get(c)) {
        return at;
      }
      at += Character.charCount(c);
    }
    return at;
  }

  /** Loaded when a file uses scripts, which is rare. */
  private static final class Scripts {
    static final byte[] OF = UnicodeTables.map("library.scripts");
  }
}
