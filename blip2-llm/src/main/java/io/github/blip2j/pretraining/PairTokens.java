package io.github.blip2j.pretraining;

import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.text.Continuation;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The language model's tokens of a pair of texts, and their labels. */
final class PairTokens {
  private static final int[] NOTHING = {};

  private final int[] text;
  private final int[] labels;
  private final int[] instruction;

  private PairTokens(int[] text, int[] labels, int[] instruction) {
    this.text = text;
    this.labels = labels;
    this.instruction = instruction;
  }

  /**
   * The tokens for a decoder that continues its input: {@code input output\n}. All tokens after the
   * input are labels. Without an input, the first token is a label too, which the last query
   * predicts. Spaces at the end of an input are not doubled.
   */
  static PairTokens continued(TextPair pair, Tokenizer tokenizer, int maxTokens) {
    String input = withoutSpaces(pair.input());
    String text = (input.isEmpty() ? "" : input + " ") + pair.output() + "\n";
    int[] ids = tokenizer.encodeTruncated(text, maxTokens, Side.RIGHT);
    int given = given(input, tokenizer);
    if (given >= ids.length) {
      throw new IllegalArgumentException(tooLong("input about " + pair.id(), maxTokens, given));
    }
    int[] labels = ids.clone();
    Arrays.fill(labels, 0, given, TokenLoss.IGNORED);
    return new PairTokens(ids, labels, NOTHING);
  }

  /** The number of tokens of {@link #continued} without loss. */
  static int given(String input, Tokenizer tokenizer) {
    String plain = withoutSpaces(input);
    return plain.isEmpty() ? 0 : tokenizer.encode(plain).length;
  }

  private static String withoutSpaces(String input) {
    int end = input.length();
    while (end > 0 && input.charAt(end - 1) == ' ') {
      end--;
    }
    return input.substring(0, end);
  }

  /** The message for a prompt or an input that leaves no room for a target. */
  static String tooLong(String what, int maxTokens, int given) {
    return String.format(
        Locale.ROOT,
        "stage2: %s expected fewer than maxTextTokens=%d tokens, got %d; %s",
        what,
        maxTokens,
        given,
        "shorten it or allow more");
  }

  /**
   * The tokens for a decoder whose inputs and outputs are tokenised by themselves: {@code input
   * output end}. The output, without the tokens that begin a text, and the end token are labels, as
   * in LAVIS's {@code blip2_vicuna_instruct}; an output that is cut has no end. The output {@link
   * Continuation continues} the input by the tokens by which it is scored and ranked.
   */
  static PairTokens joined(
      TextPair pair, Tokenizer tokenizer, TextLimits limits, List<Integer> endIds) {
    int[] given = tokenizer.encodeTruncated(pair.input(), limits.input(), limits.inputSide());
    int[] output = Continuation.of(tokenizer).ids(pair.input(), pair.output());
    int most = limits.output() - 1; // LAVIS counts the token that begins a text
    int[] ended = Arrays.copyOf(output, output.length + Math.min(1, endIds.size()));
    if (!endIds.isEmpty()) {
      ended[output.length] = endIds.get(0);
    }
    int[] target = ended.length > most ? Arrays.copyOf(ended, most) : ended;
    int[] ids = Arrays.copyOf(given, given.length + target.length);
    System.arraycopy(target, 0, ids, given.length, target.length);
    int[] labels = ids.clone();
    Arrays.fill(labels, 0, given.length, TokenLoss.IGNORED);
    return new PairTokens(ids, labels, NOTHING);
  }

  /** The tokens for a model with an encoder for the input and a decoder for the output. */
  static PairTokens answered(TextPair pair, Tokenizer tokenizer, TextLimits limits) {
    return new PairTokens(
        tokenizer.encodeTruncated(pair.input(), limits.input(), limits.inputSide()),
        tokenizer.encodeTruncated(pair.output(), limits.output(), Side.RIGHT),
        NOTHING);
  }

  /** These tokens with the input's ids for the Q-Former. */
  PairTokens withInstruction(int[] ids) {
    return new PairTokens(text, labels, ids);
  }

  /** The token ids after the image. */
  int[] text() {
    return text;
  }

  /** The labels of {@link #text} for a decoder alone, or else the target of an encoder-decoder. */
  int[] labels() {
    return labels;
  }

  /** The Q-Former's token ids; empty if it takes no text. */
  int[] instruction() {
    return instruction;
  }
}
