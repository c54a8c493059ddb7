package io.github.blip2j.llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.llm.opt.OptConfig;
import io.github.blip2j.llm.opt.OptModel;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which matrix is the last layer, for every way to store what a configuration calls tied. */
final class OptHeadTest {
  private static final OptConfig TIED =
      new OptConfig(
          2, 0, 1, 3, 3, 2, 1, true, false, true, Activation.RELU, 0, List.of(0), 1, 0, 0);
  private static final float[] WORDS = {1, 2, 3, 4, 5, 6};
  private static final float[] OTHER = {-1, 2, -3, 4, -5, 6};

  @Test
  void tiedHead_storedOnce_isTheEmbeddings() throws CheckpointException {
    assertHead(Map.of("words.weight", WORDS), WORDS, WORDS);
  }

  @Test
  void tiedHead_storedTwice_isTheEmbeddings() throws CheckpointException {
    assertHead(Map.of("words.weight", WORDS, "head.weight", WORDS.clone()), WORDS, WORDS);
  }

  @Test
  void tiedHead_storedWithOtherValues_isItsOwn() throws CheckpointException {
    assertHead(Map.of("words.weight", WORDS, "head.weight", OTHER), WORDS, OTHER);
  }

  @Test
  void tiedHead_storedAsHeadOnly_isTheEmbeddingsToo() throws CheckpointException {
    assertHead(Map.of("head.weight", OTHER), OTHER, OTHER);
  }

  private static void assertHead(Map<String, float[]> stored, float[] words, float[] head)
      throws CheckpointException {
    try (var scope = Scope.open()) {
      var weights = new StoredMatrices().with("positions.weight", new float[6], 3, 2);
      stored.forEach((name, values) -> weights.with(name, values, 3, 2));
      Params params = Params.root(weights, scope);
      var model = new OptModel(TIED, params);
      params.finish();

      Tensor embedded = model.embed(Tensor.ids(new int[] {1}));
      Tensor logits = model.logits(Tensor.of(new float[] {1, 10}, 1, 2));

      assertArrayEquals(new float[] {words[2], words[3]}, embedded.toFloats());
      float[] expected = new float[3];
      for (int i = 0; i < 3; i++) {
        expected[i] = head[2 * i] + 10 * head[2 * i + 1];
      }
      assertArrayEquals(expected, logits.toFloats(), 1e-5f);
      assertEquals(words == head ? 2 : 3, params.all().size(), "parameters");
    }
  }
}
