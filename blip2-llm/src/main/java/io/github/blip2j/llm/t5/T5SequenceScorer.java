package io.github.blip2j.llm.t5;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.llm.SequenceScorer;
import io.github.blip2j.llm.TokenLogProbabilities;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.TokenGrid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Scores texts of T5's decoder for encoded prompts. Texts of a prompt go through the decoder some
 * at a time, padded on the right; causal masks hide the padding.
 */
final class T5SequenceScorer implements SequenceScorer {
  private static final int READ = 512; // tokens at once

  private final T5Model model;
  private final T5EncoderKeyValues context;
  private final int prompts;

  T5SequenceScorer(T5Model model, Tensor prompt, int[][] mask) {
    this.model = model;
    this.prompts = mask.length;
    try (var off = GradMode.noGrad()) {
      Tensor encoded =
          Scope.run(() -> model.encode(prompt, mask, ForwardPass.evaluation())); // [B, P, L]
      this.context = model.encoderKeyValues(encoded, mask);
    }
  }

  @Override
  public List<List<float[]>> of(List<List<int[]>> texts) {
    SequenceScorer.require(prompts, texts, model.vocabSize());
    List<List<float[]>> found = new ArrayList<>();
    for (int b = 0; b < prompts; b++) {
      List<int[]> ofPrompt = texts.get(b);
      int longest = ofPrompt.stream().mapToInt(text -> text.length).max().orElse(1);
      int count = Math.max(1, READ / longest);
      List<float[]> logs = new ArrayList<>();
      for (int from = 0; from < ofPrompt.size(); from += count) {
        logs.addAll(read(b, ofPrompt.subList(from, Math.min(from + count, ofPrompt.size()))));
      }
      found.add(logs);
    }
    return found;
  }

  /** Scores texts of one prompt in one batch. */
  private List<float[]> read(int prompt, List<int[]> texts) {
    int R = texts.size();
    int T = texts.stream().mapToInt(text -> text.length).max().orElse(1);
    long[] before = new long[TokenGrid.size("score", R, T)];
    Arrays.fill(before, model.config().padId());
    int[][] mask = new int[R][T];
    for (int r = 0; r < R; r++) {
      int[] text = texts.get(r);
      Arrays.fill(mask[r], 0, text.length, 1);
      before[r * T] = model.config().startId();
      for (int t = 1; t < text.length; t++) {
        before[r * T + t] = text[t - 1];
      }
    }
    int[] places =
        IntStream.range(0, R * T).filter(place -> mask[place / T][place % T] == 1).toArray();
    long[] tokens = texts.stream().flatMapToInt(Arrays::stream).asLongStream().toArray();
    try (var off = GradMode.noGrad();
        var scope = Scope.open(model.backend())) {
      Tensor x = model.embedDecoderIds(Tensor.of(before, R, T)); // [R, T, L]
      Tensor hidden = model.decode(x, mask, context.row(prompt), null, ForwardPass.evaluation());
      Tensor flat = hidden.reshape(hidden.dim(0) * hidden.dim(1), model.dim()); // [R T, L]
      return parted(TokenLogProbabilities.of(flat, places, tokens, model::logits), texts);
    }
  }

  private static List<float[]> parted(float[] logs, List<int[]> texts) {
    List<float[]> parts = new ArrayList<>();
    int from = 0;
    for (int[] text : texts) {
      parts.add(Arrays.copyOfRange(logs, from, from + text.length));
      from += text.length;
    }
    return parts;
  }
}
