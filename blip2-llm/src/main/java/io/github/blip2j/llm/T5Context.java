package io.github.blip2j.llm;

import io.github.blip2j.nn.KeyValues;
import java.util.List;

/**
 * What an encoder read, as the keys and values of each layer of the decoder. Computed once by
 * {@link T5Model#read}, it serves every token that is written about it.
 */
public record T5Context(List<KeyValues> layers) {
  /** Copies the list. */
  public T5Context {
    layers = List.copyOf(layers);
  }

  /** That of one prompt. */
  T5Context row(int prompt) {
    return new T5Context(layers.stream().map(read -> read.rows(prompt)).toList());
  }
}
