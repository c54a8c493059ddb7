package io.github.blip2j.pretraining.parts;

import io.github.blip2j.training.Batch;
import java.util.List;

/**
 * A batch of texts for a language model.
 *
 * @param texts B texts
 * @param ids a name for each in messages, such as its line
 */
public record PageBatch(List<String> texts, List<String> ids) implements Batch {
  /** Copies the lists. */
  public PageBatch {
    texts = List.copyOf(texts);
    ids = List.copyOf(ids);
  }
}
