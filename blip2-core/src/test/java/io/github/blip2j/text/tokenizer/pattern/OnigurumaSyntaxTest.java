package io.github.blip2j.text.tokenizer.pattern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pretokenizer.UnicodeScriptsPreTokenizer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions of files. What is expected is what {@code Replace} of tokenizers 0.23.2 gives. */
final class OnigurumaSyntaxTest {
  private static String replaced(String expression, String text) {
    return OnigurumaSyntax.translate(expression).matcher(text).replaceAll("X");
  }

  @ParameterizedTest
  @CsvSource({
    "(?i)ss, ß SS sſ ẞ, X X X X",
    "(?i)sss, ßs sß, X sß",
    "(?i)ss+, ß sß ssß, ß sß Xß",
    "(?i)ß, ss SS ſs s, X X X s",
    "(?i)ß+, ssß, X",
    "(?i)[ß], ss ß ẞ, X X X",
    "(?i)[^ß], ss ß, XXXß",
    "(?i)straße, STRASSE straſſe, X X",
    "(?i)ffi, ﬃ ﬀi fﬁ, X ﬀi fﬁ",
    "(?i)ﬃ, ffi ﬀi, X ﬀi",
    "(?i)i, I İ ı, X İ ı",
    "(?i)s(?-i)s, ß sS Ss, ß sS X",
    "(?i)\\x{73}s, ß, X",
    "(?i)ᾳ, αι ᾼ ᾳ, X X X",
    "(?i)[ﬀ-ﬆ], st ff ﬅ, X X X",
    "(?i)kK, kKK kk, XK X",
    "(?i)(?:a|B)c, AC bc Bx, X X Bx",
    "(?i)a{2}b, AAB, X",
    "a(?i)b|c, AB aB C aC, AB X C X"
  })
  void case_ignored_isFoldedByUnicode(String expression, String text, String expected) {
    assertEquals(expected, replaced(expression, text));
  }

  @Test
  void dottedCapital_caseIgnored_isLikeTheLetterAndItsDot() {
    assertEquals("X X i ı", replaced("(?i)\u0130", "i\u0307 \u0130 i ı"));
    assertEquals("X X", replaced("(?i)i\u0307", "\u0130 i\u0307"));
  }

  /** A property is what it is, whatever the case; a class in brackets is folded as a whole. */
  @ParameterizedTest
  @CsvSource({
    "(?i)\\p{Lu}, aAǅ, aXǅ",
    "(?i)\\P{Lu}, aA, XA",
    "(?i)[\\P{Lu}], aA, XX",
    "(?i)[^\\p{Lu}], aA1, aAX",
    "(?i)[^[:upper:]], aA1, aAX",
    "(?i)[[:upper:]], aªĸǅ, XªĸX",
    "(?i)[[:lower:]], AⰯİ, XXİ",
    "(?i)[a[^b]], bBa, XXX"
  })
  void case_ignoredWithClasses_isFoldedInBracketsAlone(
      String expression, String text, String expected) {
    assertEquals(expected, replaced(expression, text));
  }

  @ParameterizedTest
  @CsvSource({
    "\\p{Punct}, $+!a_, $+XaX",
    "[\\p{Punct}], $+!a_, $+XaX",
    "[[:punct:]], $+!a_, XXXaX",
    "\\p{Word}, ²a, XX",
    "[\\p{Word}], ²a, ²X",
    "\\P{Word}, ²-, ²X",
    "[[:^word:]], ²a, Xa"
  })
  void class_asPropertyAndInBrackets_differs(String expression, String text, String expected) {
    assertEquals(expected, replaced(expression, text));
  }

  @ParameterizedTest
  @CsvSource({
    "[[:a]b], ab:x, XXXx",
    "[[:a-c]x:], abd:x, XXdXX",
    "[[:a\\]:]b], a]:bx, XXXXx",
    "[:word:], wx:d, XxXX",
    "[[:^xdigit:]g], fg, fX"
  })
  void bracket_withAColon_isAPosixBracketOnlyIfItEndsAsOne(
      String expression, String text, String expected) {
    assertEquals(expected, replaced(expression, text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[[:Word:]]", "[[:^Word:]]", "[[:foo:]]", "[[:Greek:]]", "[[:any:]]"})
  void posixBracket_ofAnotherName_isRefused(String expression) {
    assertThrows(IllegalArgumentException.class, () -> OnigurumaSyntax.translate(expression));
  }

  /** Code points that Java 17 has no category for. */
  @Test
  void category_newerThanJava_isThatOfUnicode16() {
    int[] newer = {0x2E5D, 0x10D6E, 0x890, 0x1343F, 0x20C0, 0x10D8E, 0x61D, 0x1CC05};
    String text = codePoints(newer);

    assertEquals("XX......", which("\\p{Pd}", newer));
    assertEquals("..XX....", which("\\p{Cf}", newer));
    assertEquals(text, replaced("[[:cntrl:]]", text));
    assertEquals(text, replaced("[[:word:]]", text));
    assertEquals("XX..XXXX", which("[[:punct:]]", newer));
    assertEquals("XXXXXXXX", which("[[:graph:]]", newer));
  }

  @Test
  void graphAndPrint_areWhatIsSeen() {
    int[] some = {0x1680, 0x3000, 0x180E, 0x2028, 0x85, 0xAD, 0xE000, 0xE0001, 0x378};

    assertEquals("..X..XXX.", which("[[:graph:]]", some));
    assertEquals("..X..XXX.", which("\\p{Graph}", some));
    assertEquals("XXX..XXX.", which("[[:print:]]", some));
  }

  @Test
  void lineBreak_ofTwoCharacters_isOne() {
    assertEquals("XXXaX", replaced("\\R", "\r\n\n" + codePoints(0x2028) + "a" + codePoints(0x85)));
  }

  @Test
  void scripts_ofTagsAndSelectors_areThoseOfTheLibrary() {
    List<String> pieces = new ArrayList<>();
    String text = codePoints('a', 0xE0041, 0xFB5);

    new UnicodeScriptsPreTokenizer()
        .split(Piece.of(text), Budget.of(text.length()), piece -> pieces.add(piece.text()));

    assertEquals(List.of("a", codePoints(0xE0041), codePoints(0xFB5)), pieces);
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\X", "\\G", "\\K", "\\p{Emoji}"})
  void whatIsNotSupported_isRefused(String expression) {
    assertThrows(IllegalArgumentException.class, () -> OnigurumaSyntax.translate(expression));
  }

  /** An X for each code point that matches, a dot for each that doesn't. */
  private static String which(String expression, int... codePoints) {
    var which = new StringBuilder();
    for (int c : codePoints) {
      which.append(replaced(expression, Character.toString(c)).equals("X") ? 'X' : '.');
    }
    return which.toString();
  }

  private static String codePoints(int... codePoints) {
    return new String(codePoints, 0, codePoints.length);
  }
}
