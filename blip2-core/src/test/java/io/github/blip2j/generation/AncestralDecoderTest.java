package io.github.blip2j.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AncestralDecoderTest {
  private static final List<int[]> PROMPTS =
      List.of(new int[] {1, 2}, new int[] {}, new int[] {5, 5, 5}, new int[] {0});

  @Test
  void greedy_batch_equalsDirectLoop() {
    for (long seed = 0; seed < 300; seed++) {
      var model = new PrefixModel(seed, 7, PROMPTS);
      GenerationConfig decoding = GenerationConfig.greedy().maxNewTokens(6);

      List<List<Sequence>> found = Generator.of(decoding, 3, 4).generate(model, PROMPTS);

      for (int b = 0; b < PROMPTS.size(); b++) {
        assertGreedy(model, PROMPTS.get(b), found.get(b).get(0));
      }
    }
  }

  private static void assertGreedy(PrefixModel model, int[] prompt, Sequence found) {
    int[] ids = prompt;
    var logProbabilities = new ArrayList<Float>();
    boolean ended = false;
    for (int step = 0; step < 6 && !ended; step++) {
      float[] scores = PrefixModel.logSoftmax(model.logits(ids));
      int best = 0;
      for (int v = 1; v < scores.length; v++) {
        best = scores[v] > scores[best] ? v : best;
      }
      ids = PrefixModel.append(ids, best);
      logProbabilities.add(scores[best]);
      ended = best == 3 || best == 4;
    }
    double mean = logProbabilities.stream().mapToDouble(Float::doubleValue).average().orElseThrow();
    assertArrayEquals(Arrays.copyOfRange(ids, prompt.length, ids.length), found.tokens());
    assertEquals(ended, found.ended());
    assertEquals(mean, found.score(), 1e-6);
    for (int i = 0; i < logProbabilities.size(); i++) {
      assertEquals(logProbabilities.get(i), found.logProbabilities()[i], 1e-6);
    }
  }

  @Test
  void greedy_endedRows_areNotScoredAgain() {
    var model = new PrefixModel(0, 7, PROMPTS);

    List<List<Sequence>> found =
        Generator.of(GenerationConfig.greedy().maxNewTokens(9), 3, 4).generate(model, PROMPTS);

    int tokens = found.stream().mapToInt(sequences -> sequences.get(0).tokens().length).sum();
    assertTrue(tokens < 4 * 9, "some row should end");
    assertEquals(tokens, model.rowsScored);
  }

  @Test
  void greedy_tie_takesTheLowestId() {
    assertArrayEquals(
        new int[] {1}, only(GenerationConfig.greedy().maxNewTokens(1), 0.2f, 0.4f, 0.4f).tokens());
  }

  @Test
  void greedy_endFirst_isTheOnlyToken() {
    Sequence sequence = only(GenerationConfig.greedy(), 0.9f, 0.1f);

    assertArrayEquals(new int[] {0}, sequence.tokens());
    assertArrayEquals(new int[0], sequence.tokensBeforeEnd());
    assertTrue(sequence.ended());
  }

  @Test
  void greedy_lengthLimit_cutsTheSequence() {
    Sequence sequence = only(GenerationConfig.greedy().maxNewTokens(2), 0.1f, 0.9f);

    assertArrayEquals(new int[] {1, 1}, sequence.tokens());
    assertArrayEquals(new int[] {1, 1}, sequence.tokensBeforeEnd());
    assertFalse(sequence.ended());
  }

  private static Sequence only(GenerationConfig decoding, float... probabilities) {
    return Generator.of(decoding, 0)
        .generate(FixedModel.of(probabilities), List.of(new int[] {1}))
        .get(0)
        .get(0);
  }

  @Test
  void sampling_frequencies_followTheProbabilities() {
    float[] p = {0.4f, 0.3f, 0.2f, 0.07f, 0.03f};
    GenerationConfig decoding =
        GenerationConfig.sample().topK(0).maxNewTokens(1).numReturnSequences(20_000).seed(17);

    int[] counts = counts(decoding, p);

    double chiSquare = 0;
    for (int i = 0; i < p.length; i++) {
      double expected = p[i] * 20_000;
      chiSquare += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    assertTrue(chiSquare < 18.5, "4 degrees of freedom, 0.1 %: " + chiSquare);
  }

  @Test
  void sampling_topKAndTopP_drawOnlyFromTheirSets() {
    float[] p = {0.1f, 0.4f, 0.3f, 0.2f};
    GenerationConfig decoding = GenerationConfig.sample().maxNewTokens(1).numReturnSequences(500);

    assertEquals("[false, true, true, false]", drawn(counts(decoding.topK(2), p)));
    assertEquals("[false, true, true, true]", drawn(counts(decoding.topP(0.8), p)));
    assertEquals("[false, true, false, false]", drawn(counts(decoding.topP(0.1), p)));
  }

  @Test
  void sampling_lowTemperature_isGreedy() {
    int[] counts =
        counts(
            GenerationConfig.sample().temperature(0.01).maxNewTokens(1).numReturnSequences(500),
            0.2f,
            0.45f,
            0.35f);

    assertArrayEquals(new int[] {0, 500, 0}, counts);
  }

  private static int[] counts(GenerationConfig decoding, float... p) {
    int[] counts = new int[p.length];
    for (Sequence sequence :
        Generator.of(decoding).generate(FixedModel.of(p), List.of(new int[0])).get(0)) {
      counts[sequence.tokens()[0]]++;
    }
    return counts;
  }

  private static String drawn(int[] counts) {
    return Arrays.toString(Arrays.stream(counts).mapToObj(count -> count > 0).toArray());
  }

  @Test
  void sampling_seed_decidesTheDraws() {
    GenerationConfig decoding = GenerationConfig.sample().numReturnSequences(5);

    assertEquals(sampled(decoding.seed(1), PROMPTS), sampled(decoding.seed(1), PROMPTS));
    assertNotEquals(sampled(decoding.seed(1), PROMPTS), sampled(decoding.seed(2), PROMPTS));
  }

  @Test
  void sampling_batch_equalsPromptsOneByOne() {
    GenerationConfig decoding =
        GenerationConfig.sample().numReturnSequences(3).maxNewTokens(8).seed(4);

    List<String> batch = sampled(decoding, PROMPTS);

    for (int b = 0; b < PROMPTS.size(); b++) {
      assertEquals(sampled(decoding, List.of(PROMPTS.get(b))).get(0), batch.get(b));
    }
  }

  @Test
  void sampling_moreSequences_beginWithTheSame() {
    List<String> two = sampled(GenerationConfig.sample().numReturnSequences(2), PROMPTS);
    List<String> three = sampled(GenerationConfig.sample().numReturnSequences(3), PROMPTS);

    assertTrue(three.get(0).startsWith(two.get(0).replace("]]", "]")), two + " " + three);
  }

  private static List<String> sampled(GenerationConfig decoding, List<int[]> prompts) {
    return Generator.of(decoding, 3).generate(new PrefixModel(2, 7, prompts), prompts).stream()
        .map(sequences -> sequences.stream().map(s -> Arrays.toString(s.tokens())).toList() + "")
        .toList();
  }
}
