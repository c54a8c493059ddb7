package io.github.blip2j.llm.t5;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.llm.TinyT5;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * T5 with a cache against T5 reading everything anew, on random weights. The two differ by the
 * order of sums only: 1e-5.
 */
@ExtendWith(InScope.class)
final class T5ModelTest {
  private static final float CLOSE = 1e-5f;
  private static final int[][] PROMPTS = {{7, 5, 9, 1}, {11, 3, 1, 0}};
  private static final int[][] MASK = {{1, 1, 1, 1}, {1, 1, 1, 0}};
  private static final int START = 0;

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
  @CsvSource({"true, true", "true, false", "false, true"})
  void next_overSeveralSteps_equalsReadingAnew(boolean gated, boolean tied) {
    T5Model model = TinyT5.model(TinyT5.config(gated, tied), memory);

    assertWrites(
        model, 30, new int[][] {{0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}});
  }

  /** Beams of two prompts that swap, of which one then ends. */
  @Test
  void next_rowsInEqualGroups_equalsReadingAnew() {
    T5Model model = TinyT5.model(TinyT5.config(true, true), memory);

    assertWrites(
        model, 30, new int[][] {{0, 0, 1, 1}, {1, 0, 3, 2}, {1, 1, 3, 2}, {2, 3}, {1, 1}, {0}});
  }

  /** Samples of two prompts that end one by one, and rows in no order. */
  @Test
  void next_rowsInUnequalGroups_equalsReadingAnew() {
    T5Model model = TinyT5.model(TinyT5.config(true, true), memory);

    assertWrites(
        model,
        30,
        new int[][] {{0, 0, 0, 1, 1, 1}, {0, 2, 3, 4, 5}, {1, 3, 4}, {2, 0, 1}, {1, 1, 0, 2}, {3}});
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, Integer.MAX_VALUE})
  void next_beyondExpectedRoom_equalsReadingAnew(int expected) {
    T5Model model = TinyT5.model(TinyT5.config(true, false), memory);

    assertWrites(model, expected, new int[][] {{1, 0}, {0, 0}, {1, 0}, {0, 1}, {0, 1}});
  }

  @Test
  void next_promptPaddedOnTheRight_continuesAsAlone() {
    T5Model model = TinyT5.model(TinyT5.config(true, true), memory);
    int[][] alone = {{11, 3, 1}};
    DecodingSession together = model.startDecoding(TinyT5.embed(model, PROMPTS), MASK, 4);
    DecodingSession single = model.startDecoding(TinyT5.embed(model, alone), TinyT5.ones(1, 3), 4);

    assertArrayEquals(single.start()[0], together.start()[1], CLOSE);
    for (int token = 10; token < 14; token++) {
      float[] expected = single.next(new int[] {0}, new int[] {token})[0];
      float[][] got = together.next(new int[] {0, 1}, new int[] {token, token});
      assertArrayEquals(expected, got[1], CLOSE);
    }
  }

  @Test
  void decode_inTwoPieces_equalsInOne() {
    T5Model model = TinyT5.model(TinyT5.config(true, true), memory);
    ForwardPass pass = ForwardPass.evaluation();
    T5EncoderKeyValues context =
        model.encoderKeyValues(model.encode(TinyT5.embed(model, PROMPTS), MASK, pass), MASK);
    int[][] rows = {{0, 5, 7, 9, 4}, {0, 8, 2, 3, 6}};
    Tensor x = TinyT5.embed(model, rows);
    KeyValueCache cache = model.cache(5);

    Tensor whole = model.decode(x, TinyT5.ones(2, 5), context, null, pass);
    model.decode(x.narrow(1, 0, 2).copy(), TinyT5.ones(2, 2), context, cache, pass);
    Tensor rest = model.decode(x.narrow(1, 2, 3).copy(), TinyT5.ones(2, 5), context, cache, pass);

    assertEquals(5, cache.length());
    assertArrayEquals(whole.narrow(1, 2, 3).toFloats(), rest.toFloats(), CLOSE);
  }

  @Test
  void next_manyReorderedSteps_keepsMemory() {
    T5Model model = TinyT5.model(TinyT5.config(true, true), memory);
    DecodingSession run = model.startDecoding(TinyT5.embed(model, PROMPTS), MASK, 20);
    run.start();
    run.next(new int[] {0, 0, 1, 1}, new int[] {3, 4, 5, 6});
    long used = TensorMemory.usedBytes();

    for (int step = 0; step < 15; step++) {
      run.next(new int[] {1, 0, 3, 2}, new int[] {3, 4, 5, 6});
    }

    assertEquals(used, TensorMemory.usedBytes());
  }

  @Test
  void encode_ofOtherWidth_namesModelAndShapes() {
    T5Model model = TinyT5.model(TinyT5.config(true, true), memory);
    Tensor x = Tensor.zeros(DType.FLOAT32, 2, 4, 11);

    var thrown =
        assertThrows(
            ShapeMismatchException.class, () -> model.encode(x, MASK, ForwardPass.evaluation()));

    assertEquals("t5: prompt expected [2, ?, 12], got [2, 4, 11]", thrown.getMessage());
  }

  @Test
  void embed_idBeyondVocabulary_isRefused() {
    T5Model model = TinyT5.model(TinyT5.config(true, true), memory);

    var thrown =
        assertThrows(
            IllegalArgumentException.class, () -> model.embed(Tensor.ids(3, TinyT5.VOCAB)));

    assertEquals("t5.words: ids expected 0 to 28, got 29", thrown.getMessage());
  }

  /** Runs through rows of beamIndices, each row taking a token of its own. */
  private static void assertWrites(T5Model model, int expectedTokens, int[][] beamIndices) {
    DecodingSession run = model.startDecoding(TinyT5.embed(model, PROMPTS), MASK, expectedTokens);
    int[][] rows = {{START}, {START}};
    int[] prompts = {0, 1};

    assertScores(model, rows, prompts, run.start());
    int token = 3;
    for (int[] chosen : beamIndices) {
      int[] tokens = new int[chosen.length];
      int[][] longer = new int[chosen.length][];
      int[] followed = new int[chosen.length];
      for (int i = 0; i < chosen.length; i++) {
        tokens[i] = token++ % TinyT5.VOCAB;
        longer[i] = Arrays.copyOf(rows[chosen[i]], rows[0].length + 1);
        longer[i][rows[0].length] = tokens[i];
        followed[i] = prompts[chosen[i]];
      }
      rows = longer;
      prompts = followed;
      assertScores(model, rows, prompts, run.next(chosen, tokens));
    }
  }

  private static void assertScores(T5Model model, int[][] rows, int[] prompts, float[][] scores) {
    assertEquals(rows.length, scores.length);
    for (int row = 0; row < rows.length; row++) {
      int[][] prompt = {PROMPTS[prompts[row]]};
      int[][] mask = {MASK[prompts[row]]};
      int[][] written = {rows[row]};
      ForwardPass pass = ForwardPass.evaluation();
      Tensor encoded = model.encode(TinyT5.embed(model, prompt), mask, pass);
      Tensor hidden =
          model.decode(
              TinyT5.embed(model, written),
              TinyT5.ones(1, written[0].length),
              model.encoderKeyValues(encoded, mask),
              null,
              pass);
      float[] expected =
          model.logits(hidden).select(0, 0).select(0, written[0].length - 1).toFloats();
      assertTrue(expected[0] != expected[1], "scores expected to differ between tokens");
      assertArrayEquals(expected, scores[row], CLOSE, "row " + row + " of " + rows.length);
    }
  }
}
