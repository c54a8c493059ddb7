package io.github.blip2j.pretraining.parts;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.BertInput;
import io.github.blip2j.qformer.BertModel;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Vectors of sentences by a frozen BERT, such as MiniLM: the mean of its last hidden states,
 * padding aside, as unit vectors (Reimers and Gurevych 2019). Each sentence is computed once and
 * kept.
 */
public final class SentenceVectors implements AutoCloseable {
  private final BertModel bert;
  private final HuggingFaceTokenizer tokenizer;
  private final Tokenizer words;
  private final int padId;
  private final Map<String, float[]> known = new HashMap<>();

  private SentenceVectors(BertModel bert, HuggingFaceTokenizer tokenizer)
      throws CheckpointException {
    this.bert = bert;
    this.tokenizer = tokenizer;
    this.words = tokenizer.within(bert.config().vocabSize());
    this.padId = tokenizer.padId().orElse(0); // masked, so any token will do
  }

  /**
   * Loads a BERT and its tokenizer from a folder.
   *
   * @param home the scope of the parameters
   * @throws CheckpointException if an adapter lies in the folder, which would be left out
   */
  public static SentenceVectors load(Path folder, Scope home) throws IOException {
    LoraAdapter.requireNone(folder, "BERT");
    return new SentenceVectors(BertModel.load(folder, home), HuggingFaceTokenizer.open(folder));
  }

  /** Width of the vectors, S. */
  public int width() {
    return bert.config().dim();
  }

  /**
   * The vectors of sentences, without gradients, in the open scope.
   *
   * @return [B, S]
   */
  public Tensor of(List<String> sentences) {
    List<String> fresh =
        new ArrayList<>(new LinkedHashSet<>(sentences))
            .stream().filter(sentence -> !known.containsKey(sentence)).toList();
    if (!fresh.isEmpty()) {
      compute(fresh);
    }
    float[] values = new float[sentences.size() * width()];
    for (int i = 0; i < sentences.size(); i++) {
      float[] row = Objects.requireNonNull(known.get(sentences.get(i)));
      System.arraycopy(row, 0, values, i * width(), width());
    }
    return Tensor.of(values, sentences.size(), width());
  }

  private void compute(List<String> sentences) {
    int longest = bert.config().maxPositions();
    List<int[]> ids =
        sentences.stream().map(each -> words.encodeTruncated(each, longest, Side.RIGHT)).toList();
    var texts = TextBatch.of(ids, padId);
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      int[][] mask = texts.mask();
      var input = BertInput.ofIds(texts.ids()).withMask(mask);
      Tensor hidden = bert.forward(input, ForwardPass.evaluation()); // [B, T, S]
      float[] states = hidden.toFloats();
      for (int b = 0; b < mask.length; b++) {
        known.put(sentences.get(b), mean(states, b, mask[b]));
      }
    }
  }

  private float[] mean(float[] states, int row, int[] mask) {
    double[] sum = new double[width()];
    for (int t = 0; t < mask.length; t++) {
      for (int i = 0; i < sum.length && mask[t] == 1; i++) {
        sum[i] += states[(row * mask.length + t) * sum.length + i];
      }
    }
    double squares = 0;
    for (double each : sum) {
      squares += each * each;
    }
    float[] vector = new float[sum.length];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) (sum[i] / Math.sqrt(squares));
    }
    return vector;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
