package io.github.blip2j.pretraining;

import io.github.blip2j.text.Side;
import java.util.Locale;

/**
 * How many tokens of a text are read, and which are dropped of one that has more.
 *
 * @param input of what is given, special tokens included
 * @param output of what is to be written, which always loses its end
 * @param inputSide where an input loses tokens
 */
record TextLimits(int input, int output, Side inputSide) {
  /** LAVIS's {@code max_txt_len} of BLIP-2, which is that of outputs too. */
  static final TextLimits BLIP2 = new TextLimits(32, 32, Side.RIGHT);

  /**
   * Its {@code max_txt_len} and {@code max_output_txt_len} of InstructBLIP: questions come last.
   */
  static final TextLimits INSTRUCT = new TextLimits(128, 256, Side.LEFT);

  /** Checks that a token fits beside the special one. */
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
