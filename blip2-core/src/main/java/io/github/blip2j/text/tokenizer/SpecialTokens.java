package io.github.blip2j.text.tokenizer;

import java.util.Arrays;
import java.util.stream.IntStream;

/** The special tokens that a post-processor adds before and after a text's ids. */
final class SpecialTokens {
  static final SpecialTokens NONE = new SpecialTokens(new int[0], new int[0]);

  private final int[] before;
  private final int[] behind;

  SpecialTokens(int[] before, int[] behind) {
    this.before = before;
    this.behind = behind;
  }

  /** These tokens around a text, and {@code outer} around the result. */
  SpecialTokens within(SpecialTokens outer) {
    return new SpecialTokens(concat(outer.before, before), concat(behind, outer.behind));
  }

  boolean isEmpty() {
    return before.length + behind.length == 0;
  }

  int[] before() {
    return before;
  }

  int[] behind() {
    return behind;
  }

  private static int[] concat(int[] first, int[] second) {
    return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }
}
