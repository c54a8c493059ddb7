package io.github.blip2j.pretraining;

import java.util.Arrays;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * A language model's input text for an image, and its target text.
 *
 * @param id the name of the pair in messages
 * @param input may be empty
 * @param output not blank
 */
record TextPair(String id, String input, String output) {
  /** Checks that there is a target. */
  TextPair {
    if (output.isBlank()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "stage2: caption of %s expected text, got none; leave the record out",
              id));
    }
  }

  /**
   * This pair with its output split before a random word. The first part is the input, the rest the
   * output (Li et al. 2023, section 3.2, prefix language modelling).
   */
  TextPair split(RandomGenerator random) {
    String[] words = output.split(" ");
    int at = random.nextInt(words.length);
    return new TextPair(id, join(words, 0, at), join(words, at, words.length));
  }

  private static String join(String[] words, int from, int to) {
    return String.join(" ", Arrays.asList(words).subList(from, to));
  }
}
