package io.github.blip2j.text.tokenizer.decoder;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.ArrayList;
import java.util.List;

/**
 * Decodes tokens of connectionist temporal classification (Graves et al. 2006): removes repeats and
 * blanks.
 *
 * @param pad the blank token
 * @param delimiter the word delimiter
 * @param cleansUp whether delimiters become spaces and superfluous spaces, as before punctuation,
 *     are removed
 */
record CtcDecoder(String pad, String delimiter, boolean cleansUp) implements Decoder {
  @Override
  public List<String> decode(List<String> tokens, Budget budget) {
    List<String> decoded = new ArrayList<>();
    for (int i = 0; i < tokens.size(); i++) {
      String token = tokens.get(i);
      budget.charge(1 + token.length());
      if (i > 0 && token.equals(tokens.get(i - 1))) {
        continue;
      }
      String text = token.replace(pad, "");
      if (cleansUp) {
        text = WordPieceDecoder.cleanUp(text).replace(delimiter, " ");
      }
      if (!text.isEmpty()) {
        decoded.add(text);
      }
    }
    return decoded;
  }
}
