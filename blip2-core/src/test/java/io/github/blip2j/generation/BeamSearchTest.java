package io.github.blip2j.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class BeamSearchTest {
  private static final List<EarlyStopping> KINDS = List.of(EarlyStopping.values());
  private static final double[] LENGTH_PENALTIES = {-1, 0, 0.5, 1, 2};

  @Test
  void generate_randomCases_equalsVectorisedReference() {
    var random = new Random(11);
    int compared = 0;
    for (int round = 0; round < 3000; round++) {
      int V = 6 + random.nextInt(7);
      List<int[]> prompts = prompts(random, V);
      int[] ends = random.ints(0, V).distinct().limit(random.nextInt(3)).toArray();
      GenerationConfig decoding = decoding(random);
      var model = new PrefixModel(round, V, prompts);
      var reference = new ReferenceBeamSearch(model, decoding, ends);
      List<List<ReferenceBeamSearch.Finished>> expected = reference.run(prompts);
      if (reference.ranOnAbsentBeams) {
        continue;
      }

      List<List<Sequence>> actual = Generator.of(decoding, ends).generate(model, prompts);

      compared++;
      for (int b = 0; b < prompts.size(); b++) {
        String where = "round " + round + " prompt " + b + " " + decoding;
        assertSame(prompts.get(b), expected.get(b), actual.get(b), where);
      }
    }
    assertTrue(compared > 2800, "compared " + compared);
  }

  private static List<int[]> prompts(Random random, int V) {
    var prompts = new ArrayList<int[]>();
    for (int b = 1 + random.nextInt(3); b > 0; b--) {
      prompts.add(random.ints(random.nextInt(5), 0, V + 2).toArray()); // two placeholders beyond V
    }
    return prompts;
  }

  private static GenerationConfig decoding(Random random) {
    int beams = 2 + random.nextInt(3);
    int most = 1 + random.nextInt(7);
    double[] penalties = {1, 1, 1.5, 0.8};
    return GenerationConfig.beams(beams)
        .maxNewTokens(most)
        .minNewTokens(Math.min(most, Math.max(0, random.nextInt(6) - 2)))
        .noRepeatNgramSize(Math.max(0, random.nextInt(6) - 2))
        .repetitionPenalty(penalties[random.nextInt(4)])
        .lengthPenalty(LENGTH_PENALTIES[random.nextInt(5)])
        .earlyStopping(KINDS.get(random.nextInt(KINDS.size())))
        .numReturnSequences(1 + random.nextInt(beams));
  }

  private static void assertSame(
      int[] prompt,
      List<ReferenceBeamSearch.Finished> expected,
      List<Sequence> actual,
      String where) {
    assertEquals(expected.size(), actual.size(), where);
    for (int i = 0; i < expected.size(); i++) {
      int[] ids = prompt;
      for (int token : actual.get(i).tokens()) {
        ids = PrefixModel.append(ids, token);
      }
      assertEquals(expected.get(i).ids(), Arrays.stream(ids).boxed().toList(), where);
      // The exponentials differ in the last bits, which float32 seldom keeps.
      float score = expected.get(i).score();
      assertEquals(score, actual.get(i).score(), 1e-6f * (1 - score), where);
    }
  }

  @ParameterizedTest
  @EnumSource
  void generate_asManyBeamsAsSequences_equalsExhaustiveSearch(EarlyStopping earlyStopping) {
    int V = 4;
    int depth = 4;
    int[] prompt = {3, 1};
    for (double lengthPenalty : LENGTH_PENALTIES) {
      for (long seed = 0; seed < 20; seed++) {
        var model = new PrefixModel(seed, V, List.of(prompt));
        GenerationConfig decoding =
            GenerationConfig.beams(256)
                .numReturnSequences(256)
                .maxNewTokens(depth)
                .lengthPenalty(lengthPenalty)
                .earlyStopping(earlyStopping);
        var all = new ArrayList<Scored>();
        enumerate(model, prompt, new Scored(List.of(), 0), depth, lengthPenalty, all);
        all.sort(Comparator.comparingDouble(scored -> -scored.score));

        List<Sequence> found = Generator.of(decoding, 2).generate(model, List.of(prompt)).get(0);

        assertEquals(1 + 3 + 9 + 27 * 4, found.size());
        for (int i = 0; i < found.size(); i++) {
          assertArrayEquals(
              all.get(i).tokens.stream().mapToInt(Integer::intValue).toArray(),
              found.get(i).tokens());
          assertEquals(all.get(i).score, found.get(i).score(), 1e-4 * (1 - all.get(i).score));
        }
      }
    }
  }

  private record Scored(List<Integer> tokens, double score) {}

  private static void enumerate(
      PrefixModel model, int[] ids, Scored prefix, int depth, double penalty, List<Scored> all) {
    int length = prefix.tokens.size();
    if (length == depth || (length > 0 && prefix.tokens.get(length - 1) == 2)) {
      all.add(new Scored(prefix.tokens, prefix.score / Math.pow(length, penalty)));
      return;
    }
    float[] logProbabilities = PrefixModel.logSoftmax(model.logits(ids));
    for (int v = 0; v < logProbabilities.length; v++) {
      var longer = new ArrayList<>(prefix.tokens);
      longer.add(v);
      var next = new Scored(longer, prefix.score + logProbabilities[v]);
      enumerate(model, PrefixModel.append(ids, v), next, depth, penalty, all);
    }
  }

  @Test
  void generate_batch_equalsPromptsOneByOne() {
    for (long seed = 0; seed < 200; seed++) {
      List<int[]> prompts = List.of(new int[] {1, 2, 3}, new int[] {}, new int[] {4});
      GenerationConfig decoding =
          GenerationConfig.beams(3).numReturnSequences(2).maxNewTokens(8).seed(seed);
      decoding = seed % 2 == 0 ? decoding : decoding.sampling().topK(5);
      Generator generator = Generator.of(decoding, 0, 5);

      List<List<Sequence>> batch = generator.generate(new PrefixModel(seed, 9, prompts), prompts);

      for (int b = 0; b < prompts.size(); b++) {
        List<int[]> single = List.of(prompts.get(b));
        assertEquals(
            generator.generate(new PrefixModel(seed, 9, single), single).get(0).toString(),
            batch.get(b).toString());
      }
    }
  }

  @Test
  void generate_firstStep_scoresEachPromptOnce() {
    List<int[]> prompts = List.of(new int[] {1}, new int[] {2});
    var model = new PrefixModel(1, 9, prompts);

    Generator.of(GenerationConfig.beams(4).maxNewTokens(1)).generate(model, prompts);

    assertEquals(2, model.rowsScored);
  }

  @Test
  void sampling_lastStep_finishesDrawsWithoutReplacement() {
    float[] p = {0.5f, 0.25f, 0.15f, 0.1f};
    int draws = 20_000;
    var counts = new HashMap<String, Integer>();
    for (int seed = 0; seed < draws; seed++) {
      GenerationConfig decoding =
          GenerationConfig.beams(2)
              .sampling()
              .topK(0)
              .maxNewTokens(1)
              .numReturnSequences(2)
              .seed(seed);

      List<Sequence> pair =
          Generator.of(decoding).generate(FixedModel.of(p), List.of(new int[0])).get(0);

      assertTrue(pair.get(0).score() >= pair.get(1).score());
      counts.merge(pair.get(0).tokens()[0] + "," + pair.get(1).tokens()[0], 1, Integer::sum);
    }
    double chiSquare = 0;
    for (int a = 0; a < p.length; a++) {
      for (int b = a + 1; b < p.length; b++) {
        double expected = draws * (p[a] * p[b] / (1 - p[a]) + p[b] * p[a] / (1 - p[b]));
        chiSquare += Math.pow(counts.getOrDefault(a + "," + b, 0) - expected, 2) / expected;
      }
    }
    assertTrue(chiSquare < 20.5, "5 degrees of freedom, 0.1 %: " + chiSquare); // 20.5 at 0.001
  }

  @Test
  void generate_endFirst_returnsItAlone() {
    GenerationConfig decoding = GenerationConfig.beams(2).lengthPenalty(0).maxNewTokens(3);

    Sequence best =
        Generator.of(decoding, 0)
            .generate(FixedModel.of(0.9f, 0.06f, 0.04f), List.of(new int[0]))
            .get(0)
            .get(0);

    assertArrayEquals(new int[] {0}, best.tokens());
    assertArrayEquals(new int[0], best.tokensBeforeEnd());
    assertTrue(best.ended());
    assertEquals(Math.log(0.9), best.score(), 1e-6);
  }

  @Test
  void generate_processedScores_leaveLogProbabilitiesRaw() {
    GenerationConfig decoding = GenerationConfig.beams(2).repetitionPenalty(2).maxNewTokens(2);

    Sequence best =
        Generator.of(decoding)
            .generate(FixedModel.of(0.6f, 0.3f, 0.1f), List.of(new int[] {0}))
            .get(0)
            .get(0);

    assertArrayEquals(new int[] {0, 0}, best.tokens());
    assertFalse(best.ended());
    assertEquals(2 * Math.log(0.6), best.score(), 1e-6);
    assertEquals(Math.log(0.6), best.logProbabilities()[1], 1e-6);
  }

  @Test
  void generate_fewerSequencesThanBeams_returnsThese() {
    GenerationConfig decoding = GenerationConfig.beams(5).numReturnSequences(5).maxNewTokens(1);

    List<Sequence> found =
        Generator.of(decoding, 0)
            .generate(FixedModel.of(0.5f, 0.5f, 0), List.of(new int[0]))
            .get(0);

    assertEquals(2, found.size());
    assertArrayEquals(new int[] {0}, found.get(0).tokens()); // ties fall to the lower id
  }

  @Test
  void generate_everyTokenBanned_namesPromptAndStep() {
    var error =
        assertThrows(
            IllegalStateException.class,
            () ->
                Generator.of(GenerationConfig.beams(2).noRepeatNgramSize(1))
                    .generate(FixedModel.of(0.5f, 0.5f), List.of(new int[] {0})));

    assertEquals(
        "generate: prompt 0 at step 1 expected a possible token, got -Infinity for all;"
            + " relax minNewTokens, noRepeatNgramSize or the processors",
        error.getMessage());
  }
}
