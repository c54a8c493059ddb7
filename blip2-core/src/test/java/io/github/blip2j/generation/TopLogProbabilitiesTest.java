package io.github.blip2j.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.generation.logits.TokenLogProbability;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The likeliest tokens at the place of each token. */
final class TopLogProbabilitiesTest {
  private static final List<int[]> PROMPTS = List.of(new int[] {1, 2}, new int[] {});
  private static final int V = 9;

  static List<GenerationConfig> searches() {
    return List.of(
        GenerationConfig.greedy().repetitionPenalty(2),
        GenerationConfig.sample().temperature(2).numReturnSequences(3),
        GenerationConfig.beams(3).numReturnSequences(2),
        GenerationConfig.beams(3).sampling().temperature(3));
  }

  @ParameterizedTest
  @MethodSource("searches")
  void sequences_haveTheLargestOfTheModelsLogSoftmax(GenerationConfig search) {
    var model = new PrefixModel(5, V, PROMPTS);
    List<List<GeneratedToken>> heard = new ArrayList<>();
    IntStream.range(0, PROMPTS.size() * search.numReturnSequences())
        .forEach(row -> heard.add(new ArrayList<>()));

    List<List<Sequence>> found =
        Generator.of(search.maxNewTokens(6).topLogProbabilities(4), 3)
            .onToken(
                new TokenStreamer() {
                  @Override
                  public void onToken(int row, int token) {
                    throw new AssertionError("the other method is called");
                  }

                  @Override
                  public void onToken(int row, GeneratedToken token) {
                    heard.get(row).add(token);
                  }
                })
            .generate(model, PROMPTS);

    for (int b = 0; b < PROMPTS.size(); b++) {
      for (int i = 0; i < found.get(b).size(); i++) {
        Sequence sequence = found.get(b).get(i);
        List<GeneratedToken> told = heard.get(b * search.numReturnSequences() + i);
        assertEquals(sequence.tokens().length, told.size());
        int[] ids = PROMPTS.get(b);
        for (int t = 0; t < told.size(); t++) {
          float[] expected = PrefixModel.logSoftmax(model.logits(ids));
          assertTop(expected, sequence.topLogProbabilities().get(t));
          assertEquals(sequence.topLogProbabilities().get(t), told.get(t).likeliest());
          assertEquals(sequence.tokens()[t], told.get(t).id());
          assertEquals(expected[told.get(t).id()], told.get(t).logProbability(), 1e-6);
          ids = PrefixModel.append(ids, sequence.tokens()[t]);
        }
      }
    }
  }

  private static void assertTop(float[] expected, List<TokenLogProbability> found) {
    List<Integer> order =
        IntStream.range(0, V)
            .boxed()
            .sorted(Comparator.comparingDouble(token -> -expected[token]))
            .limit(4)
            .toList();
    assertEquals(order, found.stream().map(TokenLogProbability::token).toList());
    for (TokenLogProbability one : found) {
      assertEquals(expected[one.token()], one.logProbability(), 1e-6);
    }
  }

  @Test
  void impossibleTokens_areLeftOut() {
    var model = new FixedModel(new float[] {0, Float.NEGATIVE_INFINITY, 1});

    Sequence found =
        Generator.of(GenerationConfig.greedy().maxNewTokens(1).topLogProbabilities(20))
            .generate(model, List.of(new int[] {}))
            .get(0)
            .get(0);

    List<TokenLogProbability> top = found.topLogProbabilities().get(0);
    assertEquals(List.of(2, 0), top.stream().map(TokenLogProbability::token).toList());
  }

  @Test
  void without_thereAreNone() {
    var model = new PrefixModel(5, V, PROMPTS);

    List<List<Sequence>> found = Generator.of(GenerationConfig.greedy()).generate(model, PROMPTS);

    assertTrue(found.get(0).get(0).topLogProbabilities().isEmpty());
  }
}
