package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.unicode.UnicodeData;
import java.util.function.Consumer;

/** Splits where the script changes; kana count as Han, and spaces belong to any script. */
public record UnicodeScriptsPreTokenizer() implements PreTokenizer {
  private static final int ANY = UnicodeData.ANY_SCRIPT;

  @Override
  public void split(Piece piece, Budget budget, Consumer<Piece> out) {
    String text = piece.text();
    budget.charge(text.length());
    int last = ANY;
    int from = 0;
    for (int i = 0; i < text.length(); ) {
      int codePoint = text.codePointAt(i);
      int script = UnicodeData.script(codePoint);
      if (script != ANY && script != last) {
        if (last != ANY) { // as in the library, text before the first script is lost
          out.accept(piece.slice(from, i));
        }
        from = i;
        last = script;
      }
      i += Character.charCount(codePoint);
    }
    if (last != ANY) {
      out.accept(piece.slice(from, text.length()));
    }
  }
}
