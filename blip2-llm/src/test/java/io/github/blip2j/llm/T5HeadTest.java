package io.github.blip2j.llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.llm.t5.T5Config;
import io.github.blip2j.llm.t5.T5Model;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which matrix is the last layer: the file decides, whatever the configuration says. */
final class T5HeadTest {
  private static final float[] WORDS = {1, 2, 3, 4, 5, 6};
  private static final float[] OTHER = {-1, 2, -3, 4, -5, 6};

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void head_notStored_isTheEmbeddings(boolean tied) throws CheckpointException {
    assertHead(tied, false, null, WORDS);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void head_storedAsTheEmbeddings_isThem(boolean tied) throws CheckpointException {
    assertHead(tied, false, WORDS.clone(), WORDS);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void head_storedWithOtherValues_isItsOwn(boolean tied) throws CheckpointException {
    assertHead(tied, false, OTHER, OTHER);
  }

  @Test
  void head_scaled_dividesByTheRootOfTheWidth() throws CheckpointException {
    assertHead(true, true, null, WORDS);
    assertHead(true, true, OTHER, OTHER);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void head_drawn_followsTheConfiguration(boolean tied) {
    try (var scope = Scope.open()) {
      Params params = Params.root(Weights.random(new Random(3)), scope);
      var model = new T5Model(config(tied, false), params);

      assertEquals(tied ? 5 : 6, params.all().size(), model.path() + " parameters");
    }
  }

  private static void assertHead(
      boolean tied, boolean scaled, float @Nullable [] stored, float[] expectedHead)
      throws CheckpointException {
    var weights = new StoredMatrices().with("words.weight", WORDS, 3, 2);
    for (String stack : List.of("encoder", "decoder")) {
      weights.with(stack + ".positions.weight", new float[4], 4, 1);
      weights.with(stack + ".norm.weight", new float[2], 2);
    }
    if (stored != null) {
      weights.with("head.weight", stored, 3, 2);
    }
    try (var scope = Scope.open()) {
      Params params = Params.root(weights, scope);
      var model = new T5Model(config(tied, scaled), params);
      params.finish();

      Tensor embedded = model.embed(Tensor.ids(1));
      Tensor logits = model.logits(Tensor.of(new float[] {1, 10}, 1, 2));

      assertArrayEquals(new float[] {WORDS[2], WORDS[3]}, embedded.toFloats());
      float[] expected = new float[3];
      for (int i = 0; i < 3; i++) {
        expected[i] = expectedHead[2 * i] + 10 * expectedHead[2 * i + 1];
        expected[i] *= scaled ? (float) Math.sqrt(0.5) : 1;
      }
      assertArrayEquals(expected, logits.toFloats(), 1e-5f);
      assertEquals(expectedHead == WORDS ? 5 : 6, params.all().size(), "parameters");
    }
  }

  private static T5Config config(boolean tied, boolean scaled) {
    return new T5Config(
        2,
        1,
        1,
        3,
        0,
        0,
        3,
        4,
        3,
        1e-6,
        0,
        true,
        Activation.RELU,
        tied,
        scaled,
        1,
        0,
        List.of(1),
        0);
  }
}
