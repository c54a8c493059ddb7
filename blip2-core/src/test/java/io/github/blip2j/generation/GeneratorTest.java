package io.github.blip2j.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.generation.logits.LogitsProcessor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GeneratorTest {
  private static final List<int[]> ONE = List.of(new int[0]);

  @Test
  void onToken_greedy_reportsStepByStep() {
    var heard = new ArrayList<String>();
    List<int[]> prompts = List.of(new int[] {1}, new int[] {2});
    var model = new PrefixModel(5, 8, prompts);

    List<List<Sequence>> found =
        Generator.of(GenerationConfig.greedy().maxNewTokens(2))
            .onToken((row, token) -> heard.add(row + ":" + token))
            .generate(model, prompts);

    int[] first = found.get(0).get(0).tokens();
    int[] second = found.get(1).get(0).tokens();
    assertEquals(
        List.of("0:" + first[0], "1:" + second[0], "0:" + first[1], "1:" + second[1]), heard);
  }

  @Test
  void onToken_samples_haveRowsOfTheirOwn() {
    var rows = new ArrayList<Integer>();
    List<int[]> prompts = List.of(new int[] {1}, new int[] {2});

    Generator.of(GenerationConfig.sample().numReturnSequences(2).maxNewTokens(1))
        .onToken((row, token) -> rows.add(row))
        .generate(new PrefixModel(5, 8, prompts), prompts);

    assertEquals(List.of(0, 1, 2, 3), rows);
  }

  @Test
  void onToken_beams_reportsFinalSequencesOnly() {
    var heard = new ArrayList<String>();
    List<int[]> prompts = List.of(new int[] {1}, new int[] {2});

    List<List<Sequence>> found =
        Generator.of(GenerationConfig.beams(3).numReturnSequences(2).maxNewTokens(4))
            .onToken((row, token) -> heard.add(row + ":" + token))
            .generate(new PrefixModel(5, 8, prompts), prompts);

    var expected = new ArrayList<String>();
    for (int row = 0; row < 4; row++) {
      for (int token : found.get(row / 2).get(row % 2).tokens()) {
        expected.add(row + ":" + token);
      }
    }
    assertEquals(expected, heard);
  }

  @Test
  void with_ownProcessor_changesTheChoice() {
    Sequence sequence =
        Generator.of(GenerationConfig.greedy().maxNewTokens(2))
            .with((history, scores) -> scores[history.newTokens()] = 9)
            .generate(FixedModel.of(0.2f, 0.2f, 0.6f), ONE)
            .get(0)
            .get(0);

    assertArrayEquals(new int[] {0, 1}, sequence.tokens());
  }

  @Test
  void generate_noPrompts_isRefused() {
    var error =
        assertThrows(
            IllegalArgumentException.class,
            () -> Generator.of(GenerationConfig.greedy()).generate(FixedModel.of(1), List.of()));

    assertEquals("generate: prompts expected at least 1, got 0", error.getMessage());
  }

  @Test
  void generate_endTokenOutsideVocabulary_isRefused() {
    var error =
        assertThrows(
            IllegalArgumentException.class,
            () -> Generator.of(GenerationConfig.greedy(), 50118).generate(FixedModel.of(1), ONE));

    assertEquals("generate: end tokens expected within [0, 1), got 50118", error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void generate_nanScores_nameTheRowAndStep(int beams) {
    var error = fails(beams, new FixedModel(new float[] {0, Float.NaN, 1}));

    assertEquals(
        "generate: scores of prompt 0 at step 0 expected numbers and a possible token,"
            + " got NaN among 3",
        error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, Float.NaN})
  void generate_impossibleScores_nameTheRowAndStep(float score) {
    var error = fails(2, new FixedModel(new float[] {score, score}));

    assertEquals(
        "generate: scores of prompt 0 at step 0 expected numbers and a possible token, got "
            + score
            + " among 2",
        error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void generate_modelWithOtherRows_isNamed(int beams) {
    var error = fails(beams, new FixedModel(new float[] {0, 1}, new float[] {0, 1}));

    assertEquals("generate: model.start expected to return 1 rows, got 2", error.getMessage());
  }

  @Test
  void generate_modelWithOtherVocabulary_isNamed() {
    var model =
        new DecodingSession() {
          @Override
          public int vocabSize() {
            return 3;
          }

          @Override
          public float[][] start() {
            return new float[1][3];
          }

          @Override
          public float[][] next(int[] beamIndices, int[] tokens) {
            return new float[1][2];
          }
        };

    var error = fails(1, model);

    assertEquals(
        "generate: model.next expected to return vocabSize=3 scores, got 2 in row 0",
        error.getMessage());
  }

  @Test
  void generate_everyTokenBanned_namesPromptAndStep() {
    var error =
        assertThrows(
            IllegalStateException.class,
            () ->
                Generator.of(GenerationConfig.greedy().noRepeatNgramSize(1))
                    .generate(FixedModel.of(0.5f, 0.5f), ONE));

    assertEquals(
        "generate: prompt 0 at step 2 expected a possible token, got -Infinity for all;"
            + " relax minNewTokens, noRepeatNgramSize or the processors",
        error.getMessage());
  }

  @Test
  void with_processorThatWritesNan_isNamed() {
    LogitsProcessor broken = (history, scores) -> scores[1] = Float.NaN;

    var error =
        assertThrows(
            IllegalStateException.class,
            () ->
                Generator.of(GenerationConfig.greedy())
                    .with(broken)
                    .generate(FixedModel.of(0.5f, 0.5f), ONE));

    assertEquals(
        broken.getClass().getName()
            + ": score of token 1 expected a number or -Infinity, got NaN for prompt 0 at step 0",
        error.getMessage());
  }

  private static IllegalStateException fails(int beams, DecodingSession model) {
    return assertThrows(
        IllegalStateException.class,
        () -> Generator.of(GenerationConfig.beams(beams)).generate(model, ONE));
  }

  @Test
  void sequence_toString_showsTokensAndScore() {
    Sequence sequence =
        Generator.of(GenerationConfig.greedy(), 1).generate(FixedModel.of(0, 1), ONE).get(0).get(0);

    assertTrue(sequence.toString().matches("\\[1\\] score=-?0\\.0"), sequence.toString());
  }
}
