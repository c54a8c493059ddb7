package io.github.blip2j.generation.logits;

import java.util.Arrays;

/**
 * Makes every id that occurred less likely, once however often it did (Keskar et al. 2019, section
 * 4.1): negative scores are multiplied by the penalty, others divided, since a factor alone would
 * favour ids with negative scores. The prompt counts, and so do image placeholders.
 */
public record RepetitionPenalty(float penalty) implements LogitsProcessor {
  @Override
  public void process(TokenHistory history, float[] scores) {
    int[] ids = history.toArray();
    Arrays.sort(ids);
    for (int i = 0; i < ids.length; i++) {
      int id = ids[i];
      boolean seen = i > 0 && ids[i - 1] == id;
      // A placeholder may lie outside the vocabulary, where there is nothing to penalise.
      if (!seen && id >= 0 && id < scores.length) {
        scores[id] = scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty;
      }
    }
  }
}
