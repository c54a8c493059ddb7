package io.github.blip2j.llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Activation;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
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
      var weights = new MapWeights(stored);
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

  /** Stored matrices [3, 2], and the one table that every model here needs besides. */
  private static final class MapWeights implements Weights {
    private final Map<String, float[]> stored;

    MapWeights(Map<String, float[]> stored) {
      this.stored = new TreeMap<>(stored);
      this.stored.put("positions.weight", new float[6]);
    }

    @Override
    public String origin() {
      return "test";
    }

    @Override
    public @Nullable Stored find(String name) {
      return stored.containsKey(name) ? new Stored(DType.FLOAT32, Shape.of(3, 2), 1) : null;
    }

    @Override
    public void read(String name, long byteOffset, ByteBuffer into) {
      float[] values = stored.getOrDefault(name, new float[0]);
      ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(values);
      into.put(bytes.slice(Math.toIntExact(byteOffset), into.remaining()));
    }

    @Override
    public Set<String> unused(Set<String> used) {
      Set<String> unused = new HashSet<>(stored.keySet());
      unused.removeAll(used);
      return unused;
    }
  }
}
