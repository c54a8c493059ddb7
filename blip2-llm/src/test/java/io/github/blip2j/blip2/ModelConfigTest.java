package io.github.blip2j.blip2;

import static io.github.blip2j.blip2.FolderCase.QUERY;
import static io.github.blip2j.blip2.FolderCase.child;
import static io.github.blip2j.blip2.FolderCase.config;
import static io.github.blip2j.blip2.FolderCase.header;
import static io.github.blip2j.blip2.FolderCase.list;
import static io.github.blip2j.blip2.FolderCase.part;
import static io.github.blip2j.blip2.FolderCase.rename;
import static io.github.blip2j.blip2.FolderCase.retype;
import static io.github.blip2j.blip2.FolderCase.tensor;
import static io.github.blip2j.blip2.FolderCase.text;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Configurations and tensors that do not fit each other. */
final class ModelConfigTest {
  private static final String WEIGHTS = Fixture.WEIGHTS;
  private static final String HEAD = "{folder}: tensors expected to fit the configuration, got ";

  @TempDir Path folder;

  /** {@code {key}} in a message stands for the key. */
  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          model_type                        | "llava"     | {key} expected blip-2 or instructblip or blip2j, got llava
          model_type                        | null        | {key} expected blip-2 or instructblip or blip2j, got nothing
          num_query_tokens                  | 0           | {key} expected 1 to 1073741824, got 0
          image_token_index                 | 424         | Blip2Config: imageTokenId expected 0 to 423, got 424
          image_token_index                 | -1          | Blip2Config: imageTokenId expected 0 to 423, got -1
          vision_config.num_attention_heads | 0           | {key} expected 1 to 1073741824, got 0
          text_config                       | "opt"       | {key} expected an object, got "opt"
          text_config.model_type            | "gpt2"      | {key} expected one of llama, mistral, mt5, opt, qwen2, t5, got gpt2; another family is registered by withLanguageFamilies of LoadOptions or StageTwoSetup, or as a service io.github.blip2j.llm.LanguageFamily
          text_config.hidden_size           | -64         | {key} expected 1 to 1073741824, got -64
          text_config.hidden_size           | 64.5        | {key} expected an integer, got 64.5
          text_config.hidden_size           | "64"        | {key} expected an integer, got "64"
          text_config.hidden_size           | 10000000000 | {key} expected an integer, got 10000000000
          text_config.num_hidden_layers     | -1          | {key} expected 1 to 1073741824, got -1
          text_config.pad_token_id          | 424         | OptConfig: padId expected 0 to 423, got 424
          text_config.bos_token_id          | -2          | OptConfig: beginId expected 0 to 423, got -2
          text_config.eos_token_id          | 50118       | OptConfig: endId expected 0 to 423, got 50118
          text_config.eos_token_id          | [2, 424]    | OptConfig: endId expected 0 to 423, got 424
          text_config.eos_token_id          | []          | {key} expected a token id or several, got none
          """)
  void load_wrongValue_saysWhatIsWrong(String key, String value, String message)
      throws IOException {
    config(key, json -> set(json, key, value), "config.json: " + message.replace("{key}", key))
        .assertRefused(folder);
  }

  @ParameterizedTest
  @CsvSource({
    "vision_config, VisionConfig, 7, 64",
    "qformer_config, BertConfig, 5, 48",
    "text_config, OptConfig, 5, 64"
  })
  void load_headsThatDoNotDivide_namesThePart(String part, String where, int heads, int dim)
      throws IOException {
    String message = "config.json: %s: heads must divide dim, got heads=%d, dim=%d";
    part(
            part,
            part,
            "num_attention_heads",
            heads,
            String.format(Locale.ROOT, message, where, heads, dim))
        .assertRefused(folder);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"configurations", "giants", "tensors"})
  void load_ofDamagedFolder_saysWhatIsWrong(FolderCase damaged) throws IOException {
    damaged.assertRefused(folder);
  }

  static Stream<FolderCase> configurations() {
    return Stream.of(
        config(
            "a retrieval model",
            json -> json.add("architectures", list("Blip2ForImageTextRetrieval")),
            "config.json: architectures expected Blip2ForConditionalGeneration, got "
                + "Blip2ForImageTextRetrieval, which compares images with texts and generates none;"
                + " use blip2 match or ImageTextMatcher"),
        config(
            "a part of a model",
            json -> json.add("architectures", list("Blip2QFormerModel")),
            "config.json: architectures expected Blip2ForConditionalGeneration, got "
                + "Blip2QFormerModel, which is a part of a model; use the complete model"),
        text(
            "activation",
            "activation_function",
            "swish9",
            "config.json: activation: name expected gelu, gelu_new, quick_gelu, relu or "
                + "silu, got swish9"),
        text(
            "no bias",
            "enable_bias",
            false,
            "config.json: text_config.enable_bias expected true, got false; OPT without "
                + "it is not supported"),
        part(
            "patch beyond picture",
            "vision_config",
            "patch_size",
            49,
            "config.json: VisionConfig: patchSize must be within imageSize, got "
                + "patchSize=49, imageSize=48"));
  }

  /** Sizes that would fill any memory, if they were allocated before they are compared. */
  static Stream<FolderCase> giants() {
    return Stream.of(
        text(
            "width of a billion",
            "hidden_size",
            1_000_000_000,
            "config.json: Blip2Config: text_config.word_embed_proj_dim expected"
                + " hidden_size=1000000000, got 64; an OPT with narrower embeddings, such as"
                + " opt-350m, cannot be joined to images"),
        part(
            "vision width of a billion",
            "vision_config",
            "hidden_size",
            1_000_000_000,
            "config.json: qformer_config.encoder_hidden_size expected 1000000000, the width of the"
                + " vision encoder, got 64; correct one of them"),
        text(
            "a billion layers",
            "num_hidden_layers",
            1_000_000_000,
            HEAD
                + "10000 missing (language.layers.3.attentionNorm.weight "
                + "(looked for as language_model.model.decoder.layers.3.self_attn_layer_norm.weight), "
                + "language.layers.3.attentionNorm.bias "
                + "(looked for as language_model.model.decoder.layers.3.self_attn_layer_norm.bias), "
                + "language.layers.3.attention.query.weight "
                + "(looked for as language_model.model.decoder.layers.3.self_attn.q_proj.weight), "
                + "language.layers.3.attention.query.bias "
                + "(looked for as language_model.model.decoder.layers.3.self_attn.q_proj.bias), "
                + "language.layers.3.attention.key.weight "
                + "(looked for as language_model.model.decoder.layers.3.self_attn.k_proj.weight), "
                + "language.layers.3.attention.key.bias "
                + "(looked for as language_model.model.decoder.layers.3.self_attn.k_proj.bias), "
                + "language.layers.3.attention.value.weight "
                + "(looked for as language_model.model.decoder.layers.3.self_attn.v_proj.weight), "
                + "language.layers.3.attention.value.bias "
                + "(looked for as language_model.model.decoder.layers.3.self_attn.v_proj.bias), and 9992 more)"),
        text(
            "a billion positions",
            "max_position_embeddings",
            1_000_000_000,
            HEAD
                + "1 of another shape or type (language.positions.weight: checkpoint tensor "
                + "expected [1000000002, 64], got [130, 64])"),
        part(
            "picture of a billion",
            "vision_config",
            "image_size",
            1_000_000_000,
            HEAD
                + "1 of another shape or type (vision.positions: checkpoint tensor expected "
                + "[1, 15625000000000001, 64], got [1, 37, 64])"));
  }

  static Stream<FolderCase> tensors() {
    return Stream.of(
        header(
            "integers",
            json -> retype(json, "I32"),
            HEAD
                + "1 of another shape or type (qformer.layers.0.attention.query.weight: "
                + "checkpoint tensor expected a floating type, got INT32)"),
        header(
            "an unknown type",
            json -> retype(json, "F8_E9"),
            "model.safetensors: dtype of "
                + "qformer.encoder.layer.0.attention.attention.query.weight expected one of "
                + "F64, F32, F16, BF16, I64, I32, U8, I8, BOOL, got F8_E9; convert it to one of "
                + "these"),
        header(
            "another shape",
            json -> tensor(json, "shape", List.of(24, 96)),
            HEAD
                + "1 of another shape or type (qformer.layers.0.attention.query.weight: "
                + "checkpoint tensor expected [48, 48], got [24, 96])"),
        new FolderCase(
            "a tensor missing",
            f -> Fixture.drop(f, QUERY),
            HEAD
                + "1 missing (qformer.layers.0.attention.query.weight (looked for as "
                + QUERY
                + "))"),
        header(
            "a tensor too many",
            json -> rename(json, "query_tokens", "extra"),
            HEAD + "1 missing (queryTokens (looked for as query_tokens)), 1 unused (extra)"),
        config(
            "other queries",
            json -> json.addProperty("num_query_tokens", 9),
            HEAD
                + "1 of another shape or type (queryTokens: checkpoint tensor expected [1, 9, "
                + "48], got [1, 8, 48])"),
        new FolderCase(
            "several at once",
            f -> {
              Fixture.drop(f, "qformer.layernorm.bias");
              Fixture.editHeader(f.resolve(WEIGHTS), json -> retype(json, "I32"));
              Fixture.editHeader(
                  f.resolve(WEIGHTS), json -> rename(json, "language_projection.bias", "other"));
              Fixture.editJson(
                  f.resolve("config.json"), json -> json.addProperty("num_query_tokens", 9));
            },
            HEAD
                + "2 missing (qformer.embeddings.norm.bias (looked for as qformer.layernorm.bias),"
                + " projection.bias (looked for as language_projection.bias)), 2 of another "
                + "shape or type (queryTokens: checkpoint tensor expected [1, 9, 48], got [1, "
                + "8, 48], qformer.layers.0.attention.query.weight: checkpoint tensor expected "
                + "a floating type, got INT32), 1 unused (other)"));
  }

  /** Sets the value at a path such as {@code text_config.hidden_size}. */
  private static void set(JsonObject json, String path, String value) {
    int dot = path.indexOf('.');
    JsonObject parent = dot < 0 ? json : child(json, path.substring(0, dot));
    parent.add(path.substring(dot + 1), JsonParser.parseString(value));
  }
}
