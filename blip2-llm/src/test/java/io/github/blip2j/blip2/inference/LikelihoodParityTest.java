package io.github.blip2j.blip2.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.Side;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * How likely texts follow prompts, read side by side behind one cache, against whole forward passes
 * one by one and against what decoding says of its own texts, for every folder.
 */
final class LikelihoodParityTest {
  private static final double CLOSE = 1e-4;
  private static final List<String> PROMPTS = List.of("a photo of", "", "Question: why? Answer:");

  static Stream<Path> folders() {
    return Blip2Folder.all().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void textsOfEveryLength_equalWholePasses(Path folder) throws IOException {
    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      List<int[]> prompts = PROMPTS.stream().map(loaded.prompts()::ids).toList();
      Tensor images = images(loaded, folder, prompts.size());
      int V = loaded.model().language().vocabSize();
      List<List<int[]>> texts = List.of(texts(11, 3, V), texts(5, 4, V), texts(0, 5, V));

      List<List<float[]>> found =
          loaded.model().sequenceScorer(images, loaded.prompts().batch(prompts)).of(texts);

      for (int b = 0; b < prompts.size(); b++) {
        assertEquals(texts.get(b).size(), found.get(b).size());
        for (int k = 0; k < texts.get(b).size(); k++) {
          double[] expected =
              wholePass(loaded, images.narrow(0, b, 1), prompts.get(b), texts.get(b).get(k));
          assertClose(expected, found.get(b).get(k), "prompt " + b + " text " + k);
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void writtenTexts_areAsLikelyAsDecodingSays(Path folder) throws IOException {
    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      List<Image> pictures = Blip2Folder.images(folder);
      List<int[]> prompts = PROMPTS.stream().map(loaded.prompts()::ids).toList();
      List<List<Sequence>> written =
          Blip2Folder.decode(
              loaded,
              three(pictures),
              prompts,
              GenerationConfig.beams(3).maxNewTokens(9).numReturnSequences(3),
              loaded.endIds());

      List<List<float[]>> found =
          loaded
              .model()
              .sequenceScorer(images(loaded, folder, 3), loaded.prompts().batch(prompts))
              .of(
                  written.stream()
                      .map(row -> row.stream().map(Sequence::tokens).toList())
                      .toList());

      for (int b = 0; b < found.size(); b++) {
        for (int k = 0; k < found.get(b).size(); k++) {
          float[] said = written.get(b).get(k).logProbabilities();
          double[] expected = new double[said.length];
          Arrays.setAll(expected, t -> said[t]);
          assertClose(expected, found.get(b).get(k), "prompt " + b + " beam " + k);
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void moreTextsThanAreReadAtOnce_equalWholePasses(Path folder) throws IOException {
    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      List<int[]> prompt = List.of(loaded.prompts().ids("a photo of"));
      Tensor images = images(loaded, folder, 1);
      List<int[]> texts = texts(120, 9, loaded.model().language().vocabSize());
      assertTrue(texts.stream().mapToInt(text -> text.length - 1).sum() > 2 * 512);

      List<float[]> found =
          loaded
              .model()
              .sequenceScorer(images, loaded.prompts().batch(prompt))
              .of(List.of(texts))
              .get(0);

      for (int k : new int[] {0, 57, 60, 61, 119}) {
        double[] expected = wholePass(loaded, images, prompt.get(0), texts.get(k));
        assertClose(expected, found.get(k), "text " + k);
      }
    }
  }

  /** Texts of 1 to {@code longest} tokens, all different. */
  private static List<int[]> texts(int count, int longest, int vocabSize) {
    List<int[]> texts = new ArrayList<>();
    for (int k = 0; k < count; k++) {
      int[] text = new int[longest > 8 ? longest + 1 : 1 + k % longest];
      for (int t = 0; t < text.length; t++) {
        text[t] = 4 + (37 * k + 11 * t) % (vocabSize - 10);
      }
      texts.add(text);
    }
    return texts;
  }

  /** Log-probabilities of a text's tokens from one pass over image, prompt and text. */
  private static double[] wholePass(
      GenerationSession loaded, Tensor image, int[] prompt, int[] text) {
    double[] logs = new double[text.length];
    try (var scope = Scope.open()) {
      Tensor logits = wholeLogits(loaded, image, prompt, text).select(0, 0); // [T, V]
      for (int t = 0; t < text.length; t++) {
        logs[t] = logProbability(logits.select(0, t).toFloats(), text[t]);
      }
    }
    return logs;
  }

  /** The scores of each token of a text, [1, T, V]. */
  private static Tensor wholeLogits(
      GenerationSession loaded, Tensor image, int[] prompt, int[] text) {
    if (loaded.model().config().text().family().encodes()) {
      PromptBatch answer = PromptBatch.of(List.of(text), loaded.padId(), Side.RIGHT);
      return loaded
          .model()
          .logits(image, loaded.prompts().batch(List.of(prompt)), answer, ForwardPass.evaluation());
    }
    int[] whole = Arrays.copyOf(prompt, prompt.length + text.length);
    System.arraycopy(text, 0, whole, prompt.length, text.length);
    Tensor logits =
        loaded
            .model()
            .logits(
                image,
                loaded.prompts().batch(List.of(whole)),
                ForwardPass.evaluation()); // [1, P + T, V]
    return logits.narrow(1, logits.dim(1) - text.length - 1, text.length);
  }

  private static double logProbability(float[] logits, int token) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    return logits[token] - max - Math.log(sum);
  }

  private static Tensor images(GenerationSession loaded, Path folder, int count) {
    List<Image> three = three(Blip2Folder.images(folder));
    return loaded
        .model()
        .imagePrompt(loaded.pixels(three), ForwardPass.evaluation())
        .narrow(0, 0, count);
  }

  private static List<Image> three(List<Image> all) {
    return List.of(all.get(0), all.get(1 % all.size()), all.get(2 % all.size()));
  }

  private static void assertClose(double[] expected, float[] actual, String where) {
    assertEquals(expected.length, actual.length, where);
    for (int t = 0; t < expected.length; t++) {
      assertEquals(expected[t], actual[t], CLOSE, where + " token " + t);
    }
  }
}
