package io.github.blip2j.blip2.inference;

import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Prompts as the Q-Former of InstructBLIP reads them (Dai et al. 2023, section 2.3): by a tokenizer
 * of its own, whole, padded and masked.
 *
 * <p>A prompt without words is {@code [CLS] [SEP]}, as both references read the empty text; Hugging
 * Face fails where there is no text at all.
 */
public final class InstructionTokenizer {
  private static final int LAVIS_TOKENS = 128; // its max_txt_len

  private final HuggingFaceTokenizer tokenizer;
  private final BertConfig qformer;
  private final Convention convention;
  private final TextCuts cuts = new TextCuts();

  /** Reads with this tokenizer, which its owner closes after the last use. */
  InstructionTokenizer(HuggingFaceTokenizer tokenizer, BertConfig qformer, Convention convention) {
    this.tokenizer = tokenizer;
    this.qformer = qformer;
    this.convention = convention;
  }

  /**
   * The prompts, padded on the right to the longest.
   *
   * @param where what they are for, as messages say it
   * @throws IllegalArgumentException if one is blank but not empty, has a token that the Q-Former
   *     lacks, or more tokens than it has positions, unless LAVIS cuts it
   */
  public TextBatch read(String where, List<String> prompts) {
    List<int[]> ids = new ArrayList<>();
    for (String prompt : prompts) {
      ids.add(ids(where, prompt));
    }
    return TextBatch.of(ids, tokenizer.padId().orElse(0)); // masked, so that any word would do
  }

  private int[] ids(String where, String prompt) {
    if (!prompt.isEmpty() && prompt.isBlank()) {
      throw new IllegalArgumentException(
          where + ": instruction expected words, or nothing at all, got a blank");
    }
    int[] ids = tokenizer.encode(prompt);
    VocabularyCheck.requireWords(
        where + ": instruction", tokenizer, qformer.vocabSize(), null, ids);
    int most = Math.min(LAVIS_TOKENS, qformer.maxPositions());
    if (convention == Convention.LAVIS && ids.length > most) {
      cuts.tell(
          where + ": instruction", ids.length, most, "beginning", "convention HF reads it whole");
      return tokenizer.encodeTruncated(prompt, most, Side.LEFT);
    }
    if (ids.length > qformer.maxPositions()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: instruction expected at most %d tokens of the Q-Former, got %d; shorten it",
              where,
              qformer.maxPositions(),
              ids.length));
    }
    return ids;
  }
}
