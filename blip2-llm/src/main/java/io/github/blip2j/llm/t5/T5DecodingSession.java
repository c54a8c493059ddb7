package io.github.blip2j.llm.t5;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.llm.NextTokenLogits;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;

/** A decoding session of T5: the prompts, encoded once, and the decoder's key-value cache. */
final class T5DecodingSession implements DecodingSession {
  private static final int MOST_EXPECTED =
      256; // tokens; a text may be longer, its cache then grows

  private final T5Model model;
  private final Tensor prompt;
  private final int[][] promptMask;
  private final T5Prompts prompts;
  private final KeyValueCache written;

  T5DecodingSession(T5Model model, Tensor prompt, int[][] mask, int newTokens) {
    this.model = model;
    this.prompt = prompt;
    this.promptMask = mask;
    this.prompts = new T5Prompts(model.cache(Math.toIntExact(prompt.dim(1))), mask);
    this.written = model.cache(Math.min(newTokens, MOST_EXPECTED));
  }

  @Override
  public int vocabSize() {
    return model.vocabSize();
  }

  @Override
  public float[][] start() {
    int[] tokens = new int[promptMask.length];
    Arrays.fill(tokens, model.config().startId());
    try (var off = GradMode.noGrad();
        Scope step = Scope.open(model.backend())) {
      ForwardPass pass = ForwardPass.evaluation();
      Tensor encoded = Scope.run(() -> model.encode(prompt, promptMask, pass)); // [B, P, L]
      prompts.hold(model.encoderKeyValues(encoded, promptMask));
      return scores(tokens);
    }
  }

  @Override
  public float[][] next(int[] beamIndices, int[] tokens) {
    try (var off = GradMode.noGrad();
        Scope step = Scope.open(model.backend())) {
      written.select(beamIndices); // reordered rows are copied, for this step only
      prompts.select(beamIndices);
      return scores(tokens);
    }
  }

  private float[][] scores(int[] tokens) {
    int R = tokens.length;
    int[][] mask = new int[R][written.length() + 1]; // generated tokens are never padding
    Arrays.stream(mask).forEach(row -> Arrays.fill(row, 1));
    Tensor x = model.embedDecoderIds(Tensor.ids(tokens).reshape(R, 1)); // [R, 1, L]
    Tensor hidden = model.decode(x, mask, prompts.context(), written, ForwardPass.evaluation());
    return NextTokenLogits.rows(model.logits(hidden.reshape(R, model.dim()))); // [R, V]
  }
}
