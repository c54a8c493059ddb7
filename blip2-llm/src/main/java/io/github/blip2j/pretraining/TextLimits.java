package io.github.blip2j.pretraining;

import io.github.blip2j.text.Side;
import java.util.Locale;

/**
 * The length limits of texts, in tokens, and the side at which longer ones are truncated.
 *
 * @param input limit of an input, special tokens included
 * @param output limit of an output, which always loses its end
 * @param inputSide the side at which an input is truncated
 */
record TextLimits(int input, int output, Side inputSide) {
  /** LAVIS's {@code max_txt_len} of BLIP-2, for inputs and outputs. */
  static final TextLimits BLIP2 = new TextLimits(32, 32, Side.RIGHT);

  /**
   * LAVIS's {@code max_txt_len} and {@code max_output_txt_len} of InstructBLIP. The question is at
   * the end of an input, so the beginning is dropped.
   */
  static final TextLimits INSTRUCT = new TextLimits(128, 256, Side.LEFT);

  /** Checks that each limit has room for a token beside the special one. */
  TextLimits {
    require("maxTextTokens", input);
    require("maxOutputTokens", output);
  }

  private static void require(String what, int tokens) {
    if (tokens < 2) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "stage2: %s expected at least 2, got %d", what, tokens));
    }
  }

  /** With longer or shorter inputs, and outputs where there is one limit for both. */
  TextLimits withText(int tokens) {
    return new TextLimits(tokens, inputSide == Side.LEFT ? output : tokens, inputSide);
  }

  /** With longer or shorter outputs. */
  TextLimits withOutput(int tokens) {
    return new TextLimits(input, tokens, inputSide);
  }
}
