package io.github.blip2j.llm;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** How likely T5 writes texts about prompts that its encoder has read, one text after the other. */
final class T5Likelihoods implements Likelihoods {
  private final T5Model model;
  private final int[][] mask;
  private final Tensor encoded; // [B, P, L]

  T5Likelihoods(T5Model model, Tensor prompt, int[][] mask) {
    this.model = model;
    this.mask = mask;
    try (var off = GradMode.noGrad()) {
      this.encoded = Scope.run(() -> model.encode(prompt, mask, Pass.evaluation()));
    }
  }

  @Override
  public List<List<float[]>> of(List<List<int[]>> texts) {
    Likelihoods.require(mask.length, texts);
    List<List<float[]>> found = new ArrayList<>();
    for (int b = 0; b < mask.length; b++) {
      try (var off = GradMode.noGrad();
          var scope = Scope.open()) {
        T5Context context = model.read(encoded.narrow(0, b, 1), new int[][] {mask[b]});
        found.add(texts.get(b).stream().map(text -> logs(text, context)).toList());
      }
    }
    return found;
  }

  private float[] logs(int[] text, T5Context context) {
    int T = text.length;
    long[] tokens = Arrays.stream(text).asLongStream().toArray();
    long[] before = new long[T];
    before[0] = model.config().startId();
    System.arraycopy(tokens, 0, before, 1, T - 1);
    int[][] seen = new int[1][T];
    Arrays.fill(seen[0], 1);
    try (var scope = Scope.open()) {
      Tensor x = model.embed(Tensor.of(before, 1, T)); // [1, T, L]
      Tensor hidden = model.decode(x, seen, context, null, Pass.evaluation()); // [1, T, L]
      Tensor logits = model.logits(hidden.reshape(T, model.dim())); // [T, V]
      float[] losses = logits.crossEntropy(Tensor.of(tokens, T), 0).toFloats();
      float[] logs = new float[T];
      for (int t = 0; t < T; t++) {
        logs[t] = -losses[t];
      }
      return logs;
    }
  }
}
