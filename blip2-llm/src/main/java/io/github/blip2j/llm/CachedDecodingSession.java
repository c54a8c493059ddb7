package io.github.blip2j.llm;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;

/** A decoding session of a decoder: the prompt's growing mask and the key-value cache. */
final class CachedDecodingSession implements DecodingSession {
  private final DecoderModel model;
  private final Tensor prompt;
  private final KeyValueCache cache;
  private int[][] mask;

  CachedDecodingSession(DecoderModel model, Tensor prompt, int[][] mask, int newTokens) {
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
    try (Scope step = Scope.open(prompt.backend())) {
      return scores(prompt);
    }
  }

  @Override
  public float[][] next(int[] beamIndices, int[] tokens) {
    int[][] longer = new int[beamIndices.length][];
    for (int row = 0; row < beamIndices.length; row++) {
      int[] before = mask[beamIndices[row]];
      longer[row] = Arrays.copyOf(before, before.length + 1);
      longer[row][before.length] = 1;
    }
    mask = longer;
    try (Scope step = Scope.open(prompt.backend())) {
      cache.select(beamIndices); // reordered rows are copied, for this step only
      return scores(model.embed(Tensor.ids(tokens).reshape(tokens.length, 1)));
    }
  }

  /** Logits of the last position only, for the LM head is the widest layer. */
  private float[][] scores(Tensor x) {
    try (var off = GradMode.noGrad()) {
      Tensor hidden = model.forward(x, mask, cache, ForwardPass.evaluation()); // [R, T, L]
      Tensor logits = model.logits(hidden.select(1, hidden.dim(1) - 1).copy()); // [R, V]
      return NextTokenLogits.rows(logits);
    }
  }
}
