package io.github.blip2j.text.tokenizer.decoder;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.ArrayList;
import java.util.List;

/**
 * Tokens of connectionist temporal classification (Graves et al. 2006): repeats and blanks go.
 *
 * @param pad the blank
 * @param delimiter what stands for a space
 * @param cleansUp whether delimiters become spaces, without those that English doesn't write
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
