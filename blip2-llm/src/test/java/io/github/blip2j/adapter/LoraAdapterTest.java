package io.github.blip2j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What peft's definition, {@code W + alpha / r * B A}, gives by hand. */
final class LoraAdapterTest {
  private static final String ROOT = "base_model.model.";
  private static final String MERGE =
      "; merge the adapter in Python (merge_and_unload) and save the whole model";

  @TempDir Path folder;

  private final Map<String, float[][]> base = new LinkedHashMap<>();
  private final Map<String, float[][]> adapter = new LinkedHashMap<>();
  private DType stored = DType.FLOAT32;

  /** A = [1 2 3], B = [1, 10], alpha 6: the product is six times that. */
  private void rankOne(String module) {
    adapter.put(ROOT + module + ".lora_A.weight", new float[][] {{1, 2, 3}});
    adapter.put(ROOT + module + ".lora_B.weight", new float[][] {{1}, {10}});
  }

  @Test
  void read_rankOne_addsTheScaledProduct() throws IOException {
    base.put("m.weight", new float[][] {{100, 200, 300}, {400, 500, 600}});
    rankOne("m");

    assertRead("m.weight", "{'lora_alpha': 6}", 106, 212, 318, 460, 620, 780);
  }

  @Test
  void read_rankTwo_dividesByTheRank() throws IOException {
    base.put("m.weight", new float[][] {{100, 200, 300}, {400, 500, 600}});
    adapter.put(ROOT + "m.lora_A.weight", new float[][] {{1, 2, 3}, {0, 0, 1}});
    adapter.put(ROOT + "m.lora_B.weight", new float[][] {{1, 2}, {10, 0}});

    assertRead("m.weight", "{'lora_alpha': 4}", 102, 204, 310, 420, 540, 660);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'r': 4 | [4] | 2",
        "'r': 8, 'rank_pattern': {'other': 3} | [3, 8] | 2",
      })
  void open_rankThatTheFileDoesNotState_isRefused(String config, String ranks, long got)
      throws IOException {
    base.put("m.weight", new float[][] {{1, 2, 3}, {4, 5, 6}});
    adapter.put(ROOT + "m.lora_A.weight", new float[][] {{1, 2, 3}, {0, 0, 1}});
    adapter.put(ROOT + "m.lora_B.weight", new float[][] {{1, 2}, {10, 0}});

    assertTrue(
        refusal("{" + config + "}")
            .endsWith(
                String.format(
                    Locale.ROOT,
                    ": rank expected to be among %s of adapter_config.json, got %d in"
                        + " base_model.model.m.lora_A.weight; copy both files again",
                    ranks,
                    got)));
  }

  @Test
  void read_rankOfThePattern_isTaken() throws IOException {
    base.put("m.weight", new float[][] {{100, 200, 300}, {400, 500, 600}});
    adapter.put(ROOT + "m.lora_A.weight", new float[][] {{1, 2, 3}, {0, 0, 1}});
    adapter.put(ROOT + "m.lora_B.weight", new float[][] {{1, 2}, {10, 0}});

    assertRead(
        "m.weight",
        "{'r': 8, 'rank_pattern': {'m': 2}, 'lora_alpha': 4}",
        102,
        204,
        310,
        420,
        540,
        660);
  }

  @Test
  void open_noTensors_isRefused() throws IOException {
    base.put("m.weight", new float[][] {{1, 2, 3}});

    assertTrue(
        refusal("{'r': 4}").endsWith("adapter expected to hold tensors, got none; copy it again"));
  }

  @Test
  void read_rankStabilised_dividesByTheRootOfTheRank() throws IOException {
    base.put("m.weight", new float[][] {{0, 0}, {0, 0}});
    adapter.put(ROOT + "m.lora_A.weight", new float[][] {{1, 0}, {0, 1}, {0, 0}, {0, 0}});
    adapter.put(ROOT + "m.lora_B.weight", new float[][] {{1, 0, 0, 0}, {0, 2, 0, 0}});

    assertRead("m.weight", "{'lora_alpha': 8, 'use_rslora': true}", 4, 0, 0, 8);
  }

  @ParameterizedTest
  @CsvSource({"proj, 2", "q\\\\.proj, 2", "q.proj, 2", "roj, 6", "k.proj, 6"})
  void read_alphaOfSingleModules_isOfThoseThatEndSo(String pattern, float scale)
      throws IOException {
    base.put("a.q.proj.weight", new float[][] {{0, 0, 0}, {0, 0, 0}});
    rankOne("a.q.proj");

    assertRead(
        "a.q.proj.weight",
        String.format(Locale.ROOT, "{'lora_alpha': 6, 'alpha_pattern': {'%s': 2}}", pattern),
        scale,
        2 * scale,
        3 * scale,
        10 * scale,
        20 * scale,
        30 * scale);
  }

  @ParameterizedTest
  @CsvSource({"FLOAT16", "BFLOAT16", "FLOAT64"})
  void read_baseOfOtherTypes_isMergedInFloat32(DType type) throws IOException {
    stored = type;
    base.put("m.weight", new float[][] {{1, 2, 3}, {4, 5, 6}});
    rankOne("m");

    assertRead("m.weight", "{'lora_alpha': 0.25}", 1.25f, 2.5f, 3.75f, 6.5f, 10, 13.5f);
  }

  @Test
  void read_partOfAFusedMatrix_isMergedWithItsRows() throws IOException {
    base.put("qkv.weight", new float[][] {{1, 1}, {2, 2}, {3, 3}});
    adapter.put(ROOT + "qkv.lora_A.weight", new float[][] {{1, 2}});
    adapter.put(ROOT + "qkv.lora_B.weight", new float[][] {{10}, {20}, {30}});
    KeyMap keys = KeyMap.builder().slice("key", "qkv", 1, 3).build();

    try (var opened = open("{'lora_alpha': 1}", keys)) {
      assertArrayEquals(new float[] {22, 42}, opened.values("key.weight", Shape.of(1, 2)));
    }
  }

  @Test
  void read_piecesOfAMatrix_areThoseOfTheWhole() throws IOException {
    base.put("m.weight", new float[][] {{100, 200, 300}, {400, 500, 600}});
    rankOne("m");

    try (var opened = open("{'lora_alpha': 6}", KeyMap.identity())) {
      float[] whole = opened.values("m.weight", Shape.of(2, 3));
      for (int from = 0; from < whole.length; from++) {
        ByteBuffer one = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        opened.weights.read("m.weight", (long) from * Float.BYTES, one);
        assertEquals(whole[from], one.flip().getFloat(), "element " + from);
      }
    }
  }

  @Test
  void read_biasesAndWholeModules_areReplaced() throws IOException {
    base.put("m.weight", new float[][] {{0, 0, 0}, {0, 0, 0}});
    base.put("m.bias", new float[][] {{1, 1}});
    base.put("projection.weight", new float[][] {{5}});
    base.put("norm.weight", new float[][] {{5}});
    rankOne("m");
    adapter.put(ROOT + "m.base_layer.bias", new float[][] {{7, 8}});
    adapter.put(ROOT + "projection.weight", new float[][] {{9}});
    adapter.put(ROOT + "norm.modules_to_save.default.weight", new float[][] {{11}});

    assertRead("m.bias", "{'lora_alpha': 6}", 7, 8);
    assertRead("projection.weight", "{'lora_alpha': 6}", 9);
    assertRead("norm.weight", "{'lora_alpha': 6}", 11);
  }

  @Test
  void read_biasOfTheSecondFactor_isAddedScaled() throws IOException {
    base.put("m.weight", new float[][] {{0, 0, 0}, {0, 0, 0}});
    base.put("m.bias", new float[][] {{1, 1}});
    rankOne("m");
    adapter.put(ROOT + "m.lora_B.bias", new float[][] {{1, 2}});

    assertRead("m.bias", "{'lora_alpha': 6, 'lora_bias': true}", 7, 13);
  }

  @Test
  void read_adapterOfTheLanguageModelAlone_isFoundInTheWhole() throws IOException {
    base.put("language_model.m.weight", new float[][] {{0, 0, 0}, {0, 0, 0}});
    rankOne("m");

    assertRead("language_model.m.weight", "{'lora_alpha': 1}", 1, 2, 3, 10, 20, 30);
  }

  @Test
  void unused_changeOfWhatNobodyReads_isTold() throws IOException {
    base.put("m.weight", new float[][] {{0, 0, 0}, {0, 0, 0}});
    base.put("n.weight", new float[][] {{0}});
    rankOne("m");

    try (var opened = open("{}", KeyMap.identity())) {
      assertEquals(Set.of("n.weight"), opened.weights.unused(Set.of("m.weight")));
      assertEquals(
          Set.of("m.weight", ROOT + "m.lora_A.weight"), opened.weights.unused(Set.of("n.weight")));
    }
  }

  @Test
  void over_aBaseThatIsAnother_saysWhatIsMissing() throws IOException {
    base.put("m.weight", new float[][] {{0, 0}, {0, 0}});
    rankOne("m");
    rankOne("other");

    var thrown =
        assertThrows(
            CheckpointException.class,
            () -> open("{'base_model_name_or_path': 'org/base'}", KeyMap.identity()).close());

    assertEquals(
        folder.resolve("adapter")
            + ": adapter expected to change tensors of the base, got 2 that it lacks or has"
            + " otherwise (m.weight [2, 3] of [2, 2], other.weight [2, 3] of none); take the base"
            + " it was trained on, org/base",
        thrown.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {'peft_type': 'LOHA'}                       | peft_type expected LORA, got LOHA
          {'peft_type': 'IA3'}                        | peft_type expected LORA, got IA3
          {'peft_type': 'PROMPT_TUNING'}              | peft_type expected LORA, got PROMPT_TUNING
          {'use_dora': true}                          | use_dora expected to be empty or false, got a value
          {'layer_replication': [[0, 4], [2, 5]]}     | layer_replication expected to be empty or false, got a value
          {'trainable_token_indices': [1, 2]}         | trainable_token_indices expected to be empty or false, got a value
          {'target_parameters': ['experts.weight']}   | target_parameters expected to be empty or false, got a value
          {'init_lora_weights': 'pissa'}              | init_lora_weights expected one that leaves the base as it is, got pissa
          {'alpha_pattern': {'^model\\\\..*': 3}}     | alpha_pattern expected the ends of names, got ^model\\..*
          """)
  void open_anotherKindOfAdapter_isNamed(String json, String message) throws IOException {
    base.put("m.weight", new float[][] {{0, 0, 0}, {0, 0, 0}});
    rankOne("m");

    var thrown =
        assertThrows(CheckpointException.class, () -> open(json, KeyMap.identity()).close());

    assertEquals("adapter_config.json: " + message + MERGE, thrown.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          m.lora_magnitude_vector.weight        | lora_A and lora_B of linear maps expected, got {name}
          m.lora_embedding_A                    | lora_A and lora_B of linear maps expected, got {name}
          decoder.embed_tokens.weight           | embeddings expected to be the base's, got {name}
          n.lora_A.weight                       | lora_A and lora_B expected of each module, got one alone of n
          m.lora_A.bias                         | lora_A expected without a bias, got {name}
          """)
  void open_aTensorOfAnotherKind_isNamed(String name, String message) throws IOException {
    base.put("m.weight", new float[][] {{0, 0, 0}, {0, 0, 0}});
    rankOne("m");
    adapter.put(ROOT + name, new float[][] {{1}});

    var thrown =
        assertThrows(CheckpointException.class, () -> open("{}", KeyMap.identity()).close());

    assertEquals(
        folder.resolve("adapter") + ": " + message.replace("{name}", ROOT + name) + MERGE,
        thrown.getMessage());
  }

  @Test
  void open_withoutWeights_namesThem() throws IOException {
    Path alone = Files.createDirectory(folder.resolve("alone"));
    Files.writeString(alone.resolve("adapter_config.json"), "{\"peft_type\": \"LORA\"}");

    assertTrue(LoraAdapter.isIn(alone));
    assertFalse(LoraAdapter.isIn(folder));
    assertEquals(
        alone
            + ": adapter_model.safetensors or adapter_model.bin expected beside"
            + " adapter_config.json, got none; copy the adapter again",
        assertThrows(CheckpointException.class, () -> LoraAdapter.open(alone)).getMessage());
  }

  private void assertRead(String name, String config, float... expected) throws IOException {
    try (var opened = open(config, KeyMap.identity())) {
      float[][] rows = Objects.requireNonNull(base.get(name));
      float[] read = opened.values(name, Shape.of(rows.length, rows[0].length));
      assertArrayEquals(expected, read, 1e-5f);
    }
  }

  private String refusal(String config) {
    var e = assertThrows(CheckpointException.class, () -> open(config, KeyMap.identity()));
    return String.valueOf(e.getMessage());
  }

  private Opened open(String config, KeyMap keys) throws IOException {
    Path own = Files.createDirectories(folder.resolve("adapter"));
    String told = config.replace('\'', '"');
    Files.writeString(
        own.resolve("adapter_config.json"),
        told.contains("peft_type")
            ? told
            : told.replaceFirst("\\{(?=.)", "{\"peft_type\": \"LORA\", ").replace(", }", "}"));
    Path weights = folder.resolve("model.safetensors");
    write(weights, base, stored);
    write(own.resolve("adapter_model.safetensors"), adapter, DType.FLOAT32);
    Checkpoint checkpoint = Checkpoint.open(weights);
    boolean whole = false;
    try {
      LoraAdapter opened = LoraAdapter.open(own);
      var plain = new CheckpointWeights("base", checkpoint, keys);
      var result = new Opened(checkpoint, opened, opened.over(plain, checkpoint.tensors()));
      whole = true;
      return result;
    } finally {
      if (!whole) {
        checkpoint.close();
      }
    }
  }

  private record Opened(Checkpoint checkpoint, LoraAdapter adapter, Weights weights)
      implements AutoCloseable {
    float[] values(String name, Shape shape) throws IOException {
      try (var scope = Scope.open()) {
        Weights.Stored found = Objects.requireNonNull(weights.find(name));
        return Tensor.read(name, found.dtype(), shape, (at, into) -> weights.read(name, at, into))
            .to(DType.FLOAT32)
            .toFloats();
      }
    }

    @Override
    public void close() throws IOException {
      checkpoint.close();
      adapter.close();
    }
  }

  private static void write(Path file, Map<String, float[][]> tensors, DType type)
      throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    tensors.forEach(
        (name, rows) ->
            specs.add(new TensorSpec(name, type, Shape.of(rows.length, rows[0].length))));
    try (var scope = Scope.open();
        var writer = SafetensorsWriter.create(file, specs)) {
      for (Map.Entry<String, float[][]> each : tensors.entrySet()) {
        float[][] rows = each.getValue();
        float[] flat = new float[rows.length * rows[0].length];
        for (int i = 0; i < flat.length; i++) {
          flat[i] = rows[i / rows[0].length][i % rows[0].length];
        }
        ByteBuffer bytes = ByteBuffer.allocate(flat.length * type.byteSize());
        Tensor.of(flat, flat.length).to(type).write(bytes::put);
        writer.write(each.getKey(), bytes.flip());
      }
    }
  }
}
