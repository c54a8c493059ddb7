package io.github.blip2j.llm.llama;

import java.util.Set;

/**
 * Attention to the newest positions only (Mistral; Beltagy et al. 2020), in some layers.
 *
 * @param size positions that a token attends to, itself included
 * @param layers the layers with a window, from 0
 */
public record SlidingWindow(int size, Set<Integer> layers) {
  /** Checks the size. */
  public SlidingWindow {
    layers = Set.copyOf(layers);
    if (size < 1) {
      throw new IllegalArgumentException("sliding_window: size expected 1 or more, got " + size);
    }
  }
}
