package io.github.blip2j.llm.t5;

import io.github.blip2j.nn.KeyValues;
import java.util.List;

/**
 * What an encoder read, as the keys and values of each layer of the decoder. Computed once by
 * {@link T5Model#encoderKeyValues}, it serves every token that is written about it.
 */
public record T5EncoderKeyValues(List<KeyValues> layers) {
  /** Copies the list. */
  public T5EncoderKeyValues {
    layers = List.copyOf(layers);
  }

  /** That of one prompt. */
  T5EncoderKeyValues row(int prompt) {
    return new T5EncoderKeyValues(layers.stream().map(read -> read.rows(prompt)).toList());
  }
}
