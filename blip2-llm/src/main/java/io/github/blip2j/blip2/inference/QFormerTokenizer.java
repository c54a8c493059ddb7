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
 * Tokenizes prompts for the Q-Former of InstructBLIP (Dai et al. 2023, section 2.3), with its own
 * tokenizer, uncut, padded and masked.
 *
 * <p>An empty prompt is {@code [CLS] [SEP]}, as both references tokenize the empty text; Hugging
 * Face fails if there is no text at all.
 */
public final class QFormerTokenizer {
  private static final int LAVIS_TOKENS = 128; // its max_txt_len

  private final HuggingFaceTokenizer tokenizer;
  private final BertConfig qformer;
  private final Convention convention;
  private final TextCuts cuts = new TextCuts();

  /** Uses this tokenizer, which its owner closes after the last use. */
  QFormerTokenizer(HuggingFaceTokenizer tokenizer, BertConfig qformer, Convention convention) {
    this.tokenizer = tokenizer;
    this.qformer = qformer;
    this.convention = convention;
  }

  /**
   * The prompts, padded on the right to the longest.
   *
   * @param where the name of the call in messages
   * @throws IllegalArgumentException if one is blank but not empty, has a token that the Q-Former
   *     lacks, or more tokens than it has positions, unless LAVIS cuts it
   */
  public TextBatch tokenize(String where, List<String> prompts) {
    List<int[]> ids = new ArrayList<>();
    for (String prompt : prompts) {
      ids.add(ids(where, prompt));
    }
    return TextBatch.of(ids, tokenizer.padId().orElse(0)); // masked, so any token would do
  }

  private int[] ids(String where, String prompt) {
    if (!prompt.isEmpty() && prompt.isBlank()) {
      throw new IllegalArgumentException(
          where + ": instruction expected text or the empty text, got a blank");
    }
    int[] ids = tokenizer.encode(prompt);
    VocabularyCheck.requireEmbeddings(
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
