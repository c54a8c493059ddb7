package io.github.blip2j.llm;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/** Log-probabilities of given tokens from hidden states, a few positions at a time. */
public final class TokenLogProbabilities {
  private static final int SCORED = 64; // at once: the vocabulary is the widest layer of all

  private TokenLogProbabilities() {}

  /**
   * The log-probability of each token at its position, natural logarithm.
   *
   * @param hidden [M, L]
   * @param places rows of it
   * @param tokens one for each place
   * @param head from [m, L] to [m, V]
   */
  public static float[] of(Tensor hidden, int[] places, long[] tokens, UnaryOperator<Tensor> head) {
    float[] logs = new float[places.length];
    for (int from = 0; from < places.length; from += SCORED) {
      int to = Math.min(from + SCORED, places.length);
      try (var scope = Scope.open()) {
        Tensor rows = hidden.gather(Tensor.ids(Arrays.copyOfRange(places, from, to))); // [m, L]
        Tensor wanted = Tensor.of(Arrays.copyOfRange(tokens, from, to), to - from);
        float[] losses = head.apply(rows).crossEntropy(wanted, 0).toFloats();
        for (int i = from; i < to; i++) {
          logs[i] = -losses[i - from];
        }
      }
    }
    return logs;
  }
}
