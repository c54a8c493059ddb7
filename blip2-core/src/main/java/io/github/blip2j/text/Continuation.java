package io.github.blip2j.text;

import java.util.Arrays;

/**
 * The tokens of a text that continues another one, tokenized by itself: those that a model learns
 * after a prompt, generates there, and is scored by.
 *
 * <p>The tokens of byte-level tokenizers, such as GPT-2's, OPT's and Qwen2's, hold the space before
 * a word. A text gets one unless it begins with one, or what is before it is empty or ends in one.
 * Other tokenizers, such as LLaMA's, put that space before every text by themselves, or have none.
 */
public final class Continuation {
  private final Tokenizer tokenizer;
  private final boolean prependsSpace; // the tokenizer, before a text that begins with a word

  private Continuation(Tokenizer tokenizer, boolean prependsSpace) {
    this.tokenizer = tokenizer;
    this.prependsSpace = prependsSpace;
  }

  /** Continuations by the tokens of a tokenizer. */
  public static Continuation of(Tokenizer tokenizer) {
    int[] word = tokenizer.encodePlain("a");
    int[] twice = Arrays.copyOf(word, 2 * word.length);
    System.arraycopy(word, 0, twice, word.length, word.length);
    boolean prepends = word.length > 0 && Arrays.equals(twice, tokenizer.encodePlain("a a"));
    return new Continuation(tokenizer, prepends);
  }

  /**
   * The ids of a text, without special tokens.
   *
   * @param before the text right before it; empty at the beginning and after an image
   */
  public int[] ids(String before, String text) {
    boolean spaced =
        prependsSpace
            || before.isEmpty()
            || Character.isWhitespace(before.charAt(before.length() - 1))
            || text.isEmpty()
            || Character.isWhitespace(text.charAt(0));
    return tokenizer.encodePlain(spaced ? text : " " + text);
  }
}
