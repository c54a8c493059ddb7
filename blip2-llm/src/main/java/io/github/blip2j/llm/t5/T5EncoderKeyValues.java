package io.github.blip2j.llm.t5;

import io.github.blip2j.nn.KeyValues;
import java.util.List;

/**
 * Cross-attention keys and values of each decoder layer for an encoder output. Computed once by
 * {@link T5Model#encoderKeyValues}, they serve all generated tokens.
 */
public record T5EncoderKeyValues(List<KeyValues> layers) {
  /** Copies the list. */
  public T5EncoderKeyValues {
    layers = List.copyOf(layers);
  }

  /** The keys and values of one prompt. */
  T5EncoderKeyValues row(int prompt) {
    return new T5EncoderKeyValues(layers.stream().map(read -> read.rows(prompt)).toList());
  }
}
