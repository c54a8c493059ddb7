package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.ByteAlphabet;
import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.unicode.UnicodeData;
import java.util.function.Consumer;

/**
 * Splits a text into GPT-2's words (Radford et al. 2019), and represents them in the byte alphabet.
 * Words are contractions, letters, digits and runs of other characters, each with one space before
 * it, and runs of white space, whose last one belongs to a following word.
 *
 * @param prefixed whether a space is added to texts that begin with none
 * @param splits whether the text is split into words at all
 */
record ByteLevelPreTokenizer(boolean prefixed, boolean splits) implements PreTokenizer {
  private static final int OTHER = 0;
  private static final int LETTER = 1;
  private static final int NUMBER = 2;
  private static final int SPACE = 3;

  @Override
  public void split(Piece piece, Budget budget, Consumer<Piece> out) {
    budget.charge(3L * piece.text().length());
    Piece spaced = prefixed && !piece.text().startsWith(" ") ? piece.behind(" ") : piece;
    if (!splits) {
      out.accept(spelled(spaced));
      return;
    }
    String text = spaced.text();
    for (int from = 0; from < text.length(); ) {
      int to = wordEnd(text, from);
      out.accept(spelled(spaced.slice(from, to)));
      from = to;
    }
  }

  private static Piece spelled(Piece piece) {
    String text = ByteAlphabet.spell(piece.text());
    int head = piece.head();
    return new Piece(
        text, head == 0 ? 0 : ByteAlphabet.spell(piece.text().substring(0, head)).length());
  }

  /**
   * The end of the word that begins at {@code from}, by the expression {@code
   * 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}.
   */
  private static int wordEnd(String text, int from) {
    int contraction = contraction(text, from);
    if (contraction > 0) {
      return from + contraction;
    }
    int first = kindAt(text, from);
    if (first != SPACE) {
      return runEnd(text, from, first);
    }
    int second = from + 1; // all white space is in the basic plane
    if (text.charAt(from) == ' ' && second < text.length() && kindAt(text, second) != SPACE) {
      return runEnd(text, second, kindAt(text, second));
    }
    int end = runEnd(text, from, SPACE);
    return end < text.length() && end - from > 1 ? end - 1 : end;
  }

  private static int runEnd(String text, int from, int kind) {
    int at = from;
    while (at < text.length() && kindAt(text, at) == kind) {
      at += Character.charCount(text.codePointAt(at));
    }
    return at;
  }

  private static int kindAt(String text, int at) {
    char c = text.charAt(at);
    if (c < 0x80) {
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      boolean space = c == ' ' || (c >= '\t' && c <= '\r');
      return letter ? LETTER : space ? SPACE : (c >= '0' && c <= '9') ? NUMBER : OTHER;
    }
    int codePoint = text.codePointAt(at);
    if (UnicodeData.isRegexLetter(codePoint)) {
      return LETTER;
    }
    if (UnicodeData.isRegexNumber(codePoint)) {
      return NUMBER;
    }
    return UnicodeData.isWhiteSpace(codePoint) ? SPACE : OTHER;
  }

  private static int contraction(String text, int from) {
    if (text.charAt(from) != '\'' || from + 1 == text.length()) {
      return 0;
    }
    char second = text.charAt(from + 1);
    if (second == 's' || second == 't' || second == 'm' || second == 'd') {
      return 2;
    }
    char third = from + 2 < text.length() ? text.charAt(from + 2) : 0;
    boolean three =
        (second == 'r' && third == 'e')
            || (second == 'v' && third == 'e')
            || (second == 'l' && third == 'l');
    return three ? 3 : 0;
  }
}
