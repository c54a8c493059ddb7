package io.github.blip2j.llm.llama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LlamaConfigTest {
  @Test
  void fromJson_nothingButTheType_hasTheDefaultsOfTransformers() throws CheckpointException {
    LlamaConfig llama = read("{'model_type': 'llama'}");
    LlamaConfig mistral = read("{'model_type': 'mistral'}");
    LlamaConfig qwen = read("{'model_type': 'qwen2'}");

    assertEquals(
        List.of(32, 128, 11008, 2048),
        List.of(llama.keyValueHeads(), llama.headDim(), llama.mlpDim(), llama.maxPositions()));
    assertEquals(List.of(2), llama.endIds());
    assertFalse(llama.inputBias());
    assertEquals(List.of(8, 14336), List.of(mistral.keyValueHeads(), mistral.mlpDim()));
    SlidingWindow window = mistral.window();
    assertNotNull(window);
    assertEquals(4096, window.size());
    assertEquals(32, window.layers().size());
    assertTrue(qwen.inputBias());
    assertFalse(qwen.outputBias());
    assertEquals(List.of(), qwen.endIds());
    assertNull(qwen.window());
    assertEquals(RotaryConfig.of(10_000), qwen.rotary());
  }

  @Test
  void fromJson_vicuna7b_equalsThePreset() throws CheckpointException {
    assertEquals(
        LlamaConfig.vicuna7b(),
        read("{'model_type': 'llama', 'vocab_size': 32001, 'pad_token_id': 0}"));
  }

  /** LAVIS has LLaMA's tokenizer alone, whose begin token it replaces by the end token. */
  @ParameterizedTest
  @CsvSource({"llama, 2", "mistral, 1", "qwen2, 1"})
  void lavisBeginId_ofLlama_isTheEnd(String type, int expected) throws CheckpointException {
    LlamaConfig config =
        read("{'model_type': '" + type + "', 'bos_token_id': 1, 'eos_token_id': 2}");

    assertEquals(1, config.beginId());
    assertEquals(expected, config.lavisBeginId());
  }

  @Test
  void fromJson_nullsForWhatFollows_areDerived() throws CheckpointException {
    LlamaConfig config =
        read(
            "{'model_type': 'llama', 'num_key_value_heads': null, 'head_dim': null,"
                + " 'hidden_size': 48, 'num_attention_heads': 6, 'rope_scaling': null,"
                + " 'bos_token_id': 5, 'pad_token_id': null, 'eos_token_id': [7, 8]}");

    assertEquals(List.of(6, 8), List.of(config.keyValueHeads(), config.headDim()));
    assertEquals(new LlamaConfig.Tokens(5, List.of(7, 8), 7), config.tokens());
  }

  @Test
  void window_ofQwen2_isThatOfLayerTypesBeforeThatOfNumbers() throws CheckpointException {
    String sizes =
        "{'model_type': 'qwen2', 'num_hidden_layers': 3, 'sliding_window': 9,"
            + " 'max_window_layers': 2, 'use_sliding_window': ";
    SlidingWindow byNumber = read(sizes + "true}").window();
    SlidingWindow byType =
        read(sizes
                + "true, 'layer_types': ['sliding_attention', 'full_attention',"
                + " 'sliding_attention']}")
            .window();

    assertEquals(new SlidingWindow(9, Set.of(2)), byNumber);
    assertEquals(new SlidingWindow(9, Set.of(0, 2)), byType);
    assertNull(read(sizes + "false}").window());
  }

  @Test
  void rotary_bothSpellings_areTheSame() throws CheckpointException {
    String scaling =
        "'factor': 8.0, 'low_freq_factor': 1.0, 'high_freq_factor': 4.0,"
            + " 'original_max_position_embeddings': 16";
    LlamaConfig newer =
        read("{'rope_parameters': {'rope_type': 'llama3', 'rope_theta': 500.0, " + scaling + "}}");
    LlamaConfig older =
        read("{'rope_theta': 500.0, 'rope_scaling': {'rope_type': 'llama3', " + scaling + "}}");
    LlamaConfig oldest =
        read("{'rope_theta': 500.0, 'rope_scaling': {'type': 'llama3', " + scaling + "}}");

    assertEquals(new RotaryConfig(RotaryConfig.Scaling.LLAMA3, 500, 8, 1, 4, 16), newer.rotary());
    assertEquals(newer.rotary(), older.rotary());
    assertEquals(newer.rotary(), oldest.rotary());
  }

  @Test
  void rotary_bothSpellingsAtOnce_isTheOlderUnlessItIsEmpty() throws CheckpointException {
    String newer = "'rope_parameters': {'rope_type': 'linear', 'rope_theta': 500.0, 'factor': 2.0}";
    String older = "'rope_scaling': {'type': 'linear', 'factor': 4.0}, 'rope_theta': 700.0";

    assertEquals(
        new RotaryConfig(RotaryConfig.Scaling.LINEAR, 700, 4, 1, 1, 2048),
        read("{" + newer + ", " + older + "}").rotary());
    assertEquals(
        new RotaryConfig(RotaryConfig.Scaling.LINEAR, 500, 2, 1, 1, 2048),
        read("{" + newer + ", 'rope_scaling': {}}").rotary());
  }

  @Test
  void tokens_negativePadding_isTheEnd() throws CheckpointException {
    assertEquals(
        new LlamaConfig.Tokens(0, List.of(1), 1),
        read("{'bos_token_id': 0, 'eos_token_id': 1, 'pad_token_id': -1}").tokens());
  }

  /** Hand-computed: theta^(-2i/D), divided by the factor, or with a larger base. */
  @Test
  void frequencies_ofEachScaling_followItsFormula() {
    float[] plain = RotaryConfig.of(100).frequencies(4, 5);
    float[] linear =
        new RotaryConfig(RotaryConfig.Scaling.LINEAR, 100, 4, 1, 1, 1).frequencies(4, 5);
    RotaryConfig dynamic = new RotaryConfig(RotaryConfig.Scaling.DYNAMIC, 100, 2, 1, 1, 10);

    assertArrayEquals(new float[] {1, 0.1f}, plain, 1e-7f);
    assertArrayEquals(new float[] {0.25f, 0.025f}, linear, 1e-7f);
    assertArrayEquals(plain, dynamic.frequencies(4, 10));
    // Base 100 (2 * 20 / 10 - 1)^(4 / 2) = 900 for 20 positions.
    assertArrayEquals(new float[] {1, 1 / 30f}, dynamic.frequencies(4, 20), 1e-7f);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'rope_scaling': {'rope_type': 'yarn', 'factor': 4.0}}"
            + "| test: rope_scaling: rope type expected default, linear, dynamic or llama3, got yarn;"
            + " a model trained with another is not supported",
        "{'partial_rotary_factor': 0.5}"
            + "| test.partial_rotary_factor expected 1, got 0.5; rotation of a part of a head is not"
            + " supported",
        "{'rope_parameters': {'full_attention': {'rope_type': 'default'}}}"
            + "| test: rope_parameters: one setting for all layers expected, got one for"
            + " full_attention",
        "{'num_key_value_heads': 5}"
            + "| llama: key-value heads expected to divide heads, got num_attention_heads=32,"
            + " num_key_value_heads=5; correct them to the model's",
        "{'head_dim': 9}"
            + "| llama: head_dim expected even, for rotary positions turn pairs, got 9; correct"
            + " head_dim, or hidden_size and num_attention_heads",
        "{'num_attention_heads': 5}"
            + "| test: num_attention_heads expected to divide hidden_size, got 5 and 4096;"
            + " correct them, or add head_dim",
        "{'rope_scaling': {'rope_type': 'linear', 'factor': 0.5}}"
            + "| rotary: factor expected 1 or more, got 0.5",
        "{'rope_theta': -1.0}| rotary: rope_theta expected positive, got -1.0",
        "{'eos_token_id': 32000}| llama: eos_token_id expected 0 to 31999, got 32000",
        "{'model_type': 'qwen2', 'num_hidden_layers': 1, 'use_sliding_window': true,"
            + " 'layer_types': ['chunked_attention']}"
            + "| test.layer_types expected full_attention or sliding_attention, got"
            + " chunked_attention",
        "{'hidden_act': 'mish'}"
            + "| activation: name expected gelu, gelu_new, quick_gelu, relu or silu, got mish",
      })
  void fromJson_whatCannotBe_isNamed(String json, String message) {
    Exception refused = assertThrows(Exception.class, () -> read(json));

    assertEquals(message, refused.getMessage());
  }

  private static LlamaConfig read(String json) throws CheckpointException {
    return LlamaConfig.fromJson(ConfigJson.parse("test", json.replace('\'', '"')));
  }
}
