package io.github.blip2j.llm.opt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * OPT with a cache against OPT reading everything anew, on random weights. The two differ by the
 * order of sums only: 1e-5.
 */
@ExtendWith(InScope.class)
final class OptModelTest {
  private static final float CLOSE = 1e-5f;
  private static final int VOCAB = 29;

  private Scope memory;
  private GradMode.NoGrad off;

  @BeforeEach
  void open(Scope scope) {
    memory = scope;
    off = GradMode.noGrad();
  }

  @AfterEach
  void close() {
    off.close();
  }

  @ParameterizedTest
  @CsvSource({"true,true,12", "true,false,12", "false,true,12", "true,true,8"})
  void next_overSeveralSteps_equalsReadingAnew(boolean normFirst, boolean tied, int embeddingDim) {
    OptModel model = model(config(normFirst, tied, embeddingDim));
    int[][] rows = {{2, 5, 7}, {2, 11, 3}};
    DecodingSession run = model.startDecoding(embed(model, rows), ones(2, 3), 8);

    float[][] scores = run.start();
    for (int step = 0; step < 5; step++) {
      assertScores(model, rows, scores);
      int[] tokens = {4 + step, 20 - step};
      rows = extend(rows, new int[] {0, 1}, tokens);
      scores = run.next(new int[] {0, 1}, tokens);
    }
    assertScores(model, rows, scores);
  }

  @Test
  void next_rowsReorderedGrowingAndShrinking_equalsReadingAnew() {
    OptModel model = model(config(true, true, 12));
    int[][] rows = {{2, 5, 7}, {2, 11, 3}};
    DecodingSession run = model.startDecoding(embed(model, rows), ones(2, 3), 9);
    int[][] beamIndices = {
      {0, 0, 1, 1}, {3, 2, 1, 0}, {1, 1, 1, 1}, {2, 0, 3}, {2, 0, 1, 1, 0, 2}, {5}, {0, 0}
    };

    assertScores(model, rows, run.start());
    int token = 3;
    for (int[] chosen : beamIndices) {
      int[] tokens = new int[chosen.length];
      for (int i = 0; i < tokens.length; i++) {
        tokens[i] = token++ % VOCAB;
      }
      rows = extend(rows, chosen, tokens);
      assertScores(model, rows, run.next(chosen, tokens));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 20})
  void next_beyondExpectedRoom_equalsReadingAnew(int expected) {
    OptModel model = model(config(true, true, 12));
    int[][] rows = {{2, 5}, {2, 9}};
    DecodingSession run = model.startDecoding(embed(model, rows), ones(2, 2), expected);

    run.start();
    float[][] scores = new float[0][];
    for (int step = 0; step < 9; step++) {
      int[] beamIndices = step % 2 == 0 ? new int[] {1, 0} : new int[] {0, 0};
      int[] tokens = {step, step + 1};
      rows = extend(rows, beamIndices, tokens);
      scores = run.next(beamIndices, tokens);
    }

    assertScores(model, rows, scores);
  }

  @Test
  void next_promptPaddedOnTheLeft_continuesAsAlone() {
    OptModel model = model(config(true, true, 12));
    int[][] padded = {{1, 1, 2, 5}, {2, 8, 6, 3}};
    int[][] mask = {{0, 0, 1, 1}, {1, 1, 1, 1}};
    DecodingSession together = model.startDecoding(embed(model, padded), mask, 4);
    DecodingSession alone = model.startDecoding(embed(model, new int[][] {{2, 5}}), ones(1, 2), 4);

    assertArrayEquals(alone.start()[0], together.start()[0], CLOSE);
    for (int token = 10; token < 14; token++) {
      float[] expected = alone.next(new int[] {0}, new int[] {token})[0];
      float[][] got = together.next(new int[] {0, 1}, new int[] {token, token});
      assertArrayEquals(expected, got[0], CLOSE);
    }
  }

  @Test
  void forward_inTwoPieces_equalsInOne() {
    OptModel model = model(config(true, true, 12));
    int[][] rows = {{2, 5, 7, 9, 4}};
    KeyValueCache cache = model.cache(5);

    Tensor whole = model.forward(embed(model, rows), ones(1, 5), null, ForwardPass.evaluation());
    model.forward(embed(model, cut(rows, 0, 2)), ones(1, 2), cache, ForwardPass.evaluation());
    Tensor rest =
        model.forward(embed(model, cut(rows, 2, 5)), ones(1, 5), cache, ForwardPass.evaluation());

    assertEquals(5, cache.length());
    assertArrayEquals(whole.narrow(1, 2, 3).toFloats(), rest.toFloats(), CLOSE);
  }

  @Test
  void next_manyReorderedSteps_keepsMemory() {
    OptModel model = model(config(true, true, 12));
    DecodingSession run =
        model.startDecoding(embed(model, new int[][] {{2, 5}, {2, 9}}), ones(2, 2), 20);
    run.start();
    run.next(new int[] {1, 0}, new int[] {3, 4});
    long used = TensorMemory.usedBytes();

    for (int step = 0; step < 15; step++) {
      run.next(new int[] {1, 0}, new int[] {3, 4});
    }

    assertEquals(used, TensorMemory.usedBytes());
  }

  @Test
  void forward_ofOtherWidth_namesModelAndShapes() {
    OptModel model = model(config(true, true, 12));
    Tensor x = Tensor.zeros(DType.FLOAT32, 1, 2, 11);

    var thrown =
        assertThrows(
            ShapeMismatchException.class,
            () -> model.forward(x, ones(1, 2), null, ForwardPass.evaluation()));

    assertEquals("opt: x expected [1, ?, 12], got [1, 2, 11]", thrown.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {VOCAB, -1})
  void likelihoods_tokenBeyondTheVocabulary_isRefused(int id) {
    OptModel model = model(config(true, true, 12));
    var read = model.sequenceScorer(embed(model, new int[][] {{2, 5}}), ones(1, 2));

    for (int[] text : List.of(new int[] {id}, new int[] {4, id}, new int[] {4, id, 5})) {
      var thrown =
          assertThrows(IllegalArgumentException.class, () -> read.of(List.of(List.of(text))));

      assertEquals("score: tokens expected 0 to 28, got " + id, thrown.getMessage());
    }
  }

  @Test
  void config_specialTokenBeyondVocabulary_isRefused() {
    var thrown =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                new OptConfig(
                    12,
                    2,
                    3,
                    20,
                    29,
                    12,
                    40,
                    true,
                    true,
                    true,
                    Activation.RELU,
                    2,
                    List.of(29),
                    1,
                    0.1,
                    0));

    assertEquals("OptConfig: endId expected 0 to 28, got 29", thrown.getMessage());
  }

  private static OptConfig config(boolean normFirst, boolean tied, int embeddingDim) {
    return new OptConfig(
        12,
        2,
        3,
        20,
        VOCAB,
        embeddingDim,
        40,
        normFirst,
        normFirst,
        tied,
        Activation.RELU,
        2,
        List.of(2),
        1,
        0.1,
        0.2);
  }

  private OptModel model(OptConfig config) {
    Weights weights = Weights.random(new Random(7));
    return new OptModel(config, Params.root(weights, memory).at("opt"));
  }

  private static void assertScores(OptModel model, int[][] rows, float[][] scores) {
    int T = rows[0].length;
    Tensor hidden =
        model.forward(embed(model, rows), ones(rows.length, T), null, ForwardPass.evaluation());
    Tensor logits = model.logits(hidden);
    assertEquals(rows.length, scores.length);
    for (int row = 0; row < rows.length; row++) {
      float[] expected = logits.select(0, row).select(0, T - 1).toFloats();
      assertTrue(expected[0] != expected[1], "scores expected to differ between tokens");
      assertArrayEquals(expected, scores[row], CLOSE, "row " + row + " of length " + T);
    }
  }

  private static Tensor embed(OptModel model, int[][] rows) {
    long[] ids = Arrays.stream(rows).flatMapToInt(Arrays::stream).asLongStream().toArray();
    return model.embed(Tensor.of(ids, rows.length, rows[0].length));
  }

  private static int[][] extend(int[][] rows, int[] beamIndices, int[] tokens) {
    int[][] longer = new int[beamIndices.length][];
    for (int i = 0; i < beamIndices.length; i++) {
      int[] row = rows[beamIndices[i]];
      longer[i] = Arrays.copyOf(row, row.length + 1);
      longer[i][row.length] = tokens[i];
    }
    return longer;
  }

  private static int[][] cut(int[][] rows, int from, int to) {
    return Arrays.stream(rows).map(row -> Arrays.copyOfRange(row, from, to)).toArray(int[][]::new);
  }

  private static int[][] ones(int rows, int columns) {
    int[][] mask = new int[rows][columns];
    Arrays.stream(mask).forEach(row -> Arrays.fill(row, 1));
    return mask;
  }
}
