package io.github.blip2j.llm.llama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Language models of LLaMA's kind against transformers 5.18: logits of padded prompts with the soft
 * prompt of an image, at once and with a cache, for every folder with such a language model.
 */
final class LlamaParityTest {
  private static final double LOGITS = 2e-4;

  static Stream<Path> folders() {
    return Fixtures.folders("LLaMA", Fixtures::hasLlama).stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void logits_ofPaddedPrompts_equalReference(Path folder) throws IOException {
    try (Golden golden = Golden.open(folder);
        Loaded loaded = new Loaded(folder);
        var off = GradMode.noGrad();
        Scope scope = Scope.open()) {
      int[][] mask = rows(golden.get("prompt.attention_mask"));
      Tensor x = loaded.embedded(golden, mask);

      Tensor logits =
          loaded.model.logits(loaded.model.forward(x, mask, null, ForwardPass.evaluation()));

      assertCounted(golden, mask, logits, 0);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void logits_fromCacheTokenByToken_equalReference(Path folder) throws IOException {
    try (Golden golden = Golden.open(folder);
        Loaded loaded = new Loaded(folder);
        var off = GradMode.noGrad();
        Scope scope = Scope.open()) {
      int[][] mask = rows(golden.get("prompt.attention_mask"));
      Tensor x = loaded.embedded(golden, mask);
      int P = mask[0].length;
      int first = P - 3;
      KeyValueCache cache = loaded.model.cache(P);

      loaded.model.forward(
          x.narrow(1, 0, first), cut(mask, first), cache, ForwardPass.evaluation());
      for (int t = first; t < P; t++) {
        Tensor hidden =
            loaded.model.forward(
                x.narrow(1, t, 1), cut(mask, t + 1), cache, ForwardPass.evaluation());
        assertCounted(golden, mask, loaded.model.logits(hidden), t);
      }
    }
  }

  /** Logits of positions from {@code from} on; those of padding mean nothing. */
  private static void assertCounted(Golden golden, int[][] mask, Tensor logits, int from) {
    Tensor expected = golden.get("forward.logits");
    int compared = 0;
    for (int b = 0; b < mask.length; b++) {
      for (int t = 0; t < logits.dim(1); t++) {
        if (mask[b][from + t] == 1) {
          Golden.assertClose(
              "forward.logits[" + b + ", " + (from + t) + "]",
              expected.select(0, b).select(0, from + t).toFloats(),
              logits.select(0, b).select(0, t).toFloats(),
              LOGITS);
          compared++;
        }
      }
    }
    assertTrue(compared > 0);
  }

  private static int[][] cut(int[][] mask, int length) {
    return Arrays.stream(mask).map(row -> Arrays.copyOf(row, length)).toArray(int[][]::new);
  }

  private static int[][] rows(Tensor ids) {
    int[][] rows = new int[Math.toIntExact(ids.dim(0))][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = Arrays.stream(ids.select(0, b).toLongs()).mapToInt(Math::toIntExact).toArray();
    }
    return rows;
  }

  /** The language model of a folder. */
  private static final class Loaded implements AutoCloseable {
    private final Scope memory = Scope.detached();
    private final LlamaModel model;
    private final int imageToken;

    Loaded(Path folder) throws IOException {
      ConfigJson json = ConfigJson.read(folder.resolve("config.json"));
      imageToken = json.intAt("image_token_index");
      LlamaConfig config = LlamaConfig.fromJson(json.child("text_config"));
      KeyMap.Builder names = KeyMap.builder();
      config.addNames(names, "language.", "language_model.");
      KeyMap keys = names.ignore("*").build();
      try (Checkpoint checkpoint = Checkpoint.open(folder);
          Scope scope = Scope.open()) {
        Params params =
            Params.root(new CheckpointWeights(folder.toString(), checkpoint, keys), memory);
        model = new LlamaModel(config, params.at("language"));
        params.finish();
      }
    }

    /** The prompts' embeddings, those of the image in the places of the image token. */
    Tensor embedded(Golden golden, int[][] mask) {
      int[][] ids = rows(golden.get("prompt.input_ids"));
      Tensor image = golden.get("language_projection"); // [B, Q, L]
      Tensor words = model.embed(golden.get("prompt.input_ids")).copy(); // [B, T, L]
      for (int b = 0; b < ids.length; b++) {
        int q = 0;
        for (int t = 0; t < ids[b].length; t++) {
          if (ids[b][t] == imageToken) {
            words.select(0, b).select(0, t).copyInPlace(image.select(0, b).select(0, q++));
          }
        }
        assertEquals(image.dim(1), q, "image tokens of prompt " + b);
      }
      assertEquals(List.of(ids.length, ids[0].length), List.of(mask.length, mask[0].length));
      return words;
    }

    @Override
    public void close() {
      memory.close();
    }
  }
}
