package io.github.blip2j.llm.opt;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.llm.NextTokenLogits;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;

/** One decoding run of OPT: the prompt, its mask as it grows, and the cache. */
final class OptDecodingSession implements DecodingSession {
  private final OptModel model;
  private final Tensor prompt;
  private final KeyValueCache cache;
  private int[][] mask;

  OptDecodingSession(OptModel model, Tensor prompt, int[][] mask, int newTokens) {
    this.model = model;
    this.prompt = prompt;
    this.mask = mask;
    this.cache = model.cache(Math.toIntExact(prompt.dim(1)) + newTokens);
  }

  @Override
  public int vocabSize() {
    return model.vocabSize();
  }

  @Override
  public float[][] start() {
    try (Scope step = Scope.open()) {
      return scores(prompt);
    }
  }

  @Override
  public float[][] next(int[] parents, int[] tokens) {
    int[][] longer = new int[parents.length][];
    for (int row = 0; row < parents.length; row++) {
      int[] before = mask[parents[row]];
      longer[row] = Arrays.copyOf(before, before.length + 1);
      longer[row][before.length] = 1;
    }
    mask = longer;
    try (Scope step = Scope.open()) {
      cache.select(parents); // rows that swap places are copied aside, for this step only
      return scores(model.embed(Tensor.ids(tokens).reshape(tokens.length, 1)));
    }
  }

  /** Only the last position is scored: the vocabulary is the widest layer of all. */
  private float[][] scores(Tensor x) {
    try (var off = GradMode.noGrad()) {
      Tensor hidden = model.forward(x, mask, cache, ForwardPass.evaluation()); // [R, T, L]
      Tensor logits = model.logits(hidden.select(1, hidden.dim(1) - 1).copy()); // [R, V]
      return NextTokenLogits.rows(logits);
    }
  }
}
