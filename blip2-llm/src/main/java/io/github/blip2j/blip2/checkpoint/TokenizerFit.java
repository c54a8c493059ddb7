package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.LanguageFamily.TrainingText;
import io.github.blip2j.text.HuggingFaceTokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs that a tokenizer is another model's: nothing else in the files tells. They are warnings,
 * for a tokenizer may have tokens that the model has no use for.
 */
final class TokenizerFit {
  private static final Logger LOG = LoggerFactory.getLogger(TokenizerFit.class);
  private static final String IMAGE = "<image>"; // Python adds it without a row in the model

  private TokenizerFit() {}

  static void warn(HuggingFaceTokenizer tokenizer, LanguageConfig text) {
    for (String sign : signs(tokenizer, text)) {
      LOG.warn("{}; use the tokenizer that came with the language model", sign);
    }
  }

  static List<String> signs(HuggingFaceTokenizer tokenizer, LanguageConfig text) {
    List<String> signs = new ArrayList<>();
    int rows = text.vocabSize();
    int added = tokenizer.idOf(IMAGE).orElse(-1) >= rows ? 1 : 0;
    if (tokenizer.vocabSize() - added > rows) {
      signs.add(
          String.format(
              Locale.ROOT,
              "tokenizer: at most %d tokens expected, the model's vocabulary, got %d",
              rows,
              tokenizer.vocabSize() - added));
    }
    for (int id : text.endIds()) {
      if (id >= tokenizer.vocabSize()) {
        signs.add(
            String.format(
                Locale.ROOT,
                "tokenizer: token %d expected, which ends the model's texts, got %d tokens",
                id,
                tokenizer.vocabSize()));
      }
    }
    tokenizer.endToken().ifPresent(token -> addEnd(signs, token, tokenizer, text));
    return signs;
  }

  /** OPT's texts end with a line, as LAVIS trains it, and not with the tokenizer's end token. */
  private static void addEnd(
      List<String> signs, String token, HuggingFaceTokenizer tokenizer, LanguageConfig text) {
    boolean another = text.family().trainingText() == TrainingText.LINE || text.endIds().isEmpty();
    OptionalInt id = tokenizer.idOf(token);
    if (!another && id.isPresent() && !text.endIds().contains(id.getAsInt())) {
      signs.add(
          String.format(
              Locale.ROOT,
              "tokenizer: eos_token %s expected among the model's end tokens %s, got %d",
              token,
              text.endIds(),
              id.getAsInt()));
    }
  }
}
