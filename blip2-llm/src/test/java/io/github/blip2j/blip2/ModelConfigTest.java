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
import static io.github.blip2j.blip2.FolderCase.write;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Configurations and tensors that do not fit each other. */
final class ModelConfigTest {
  private static final String WEIGHTS = Fixture.WEIGHTS;
  private static final String HEAD = "{folder}: tensors expected to fit the configuration, got ";

  @TempDir Path folder;

  @ParameterizedTest(name = "{0}")
  @MethodSource({"configurations", "sizes", "tensors", "tokens"})
  void load_ofDamagedFolder_saysWhatIsWrong(FolderCase damaged) throws IOException {
    damaged.assertRefused(folder);
  }

  static Stream<FolderCase> configurations() {
    return Stream.of(
        config(
            "another model",
            json -> json.addProperty("model_type", "llava"),
            "config.json: model_type expected blip-2, got llava"),
        config(
            "no model type",
            json -> json.remove("model_type"),
            "config.json: model_type expected blip-2, got nothing"),
        config(
            "a retrieval model",
            json -> json.add("architectures", list("Blip2ForImageTextRetrieval")),
            "config.json: architectures expected Blip2ForConditionalGeneration, got "
                + "Blip2ForImageTextRetrieval"),
        text("T5", "model_type", "t5", "config.json: text_config.model_type expected opt, got t5"),
        text(
            "Llama",
            "model_type",
            "llama",
            "config.json: text_config.model_type expected opt, got llama"),
        config(
            "text config a string",
            json -> json.addProperty("text_config", "opt"),
            "config.json: text_config expected an object, got \"opt\""),
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
                + "it is not supported"));
  }

  static Stream<FolderCase> sizes() {
    return Stream.of(
        text(
            "OPT heads",
            "num_attention_heads",
            5,
            "config.json: OptConfig: heads must divide dim, got heads=5, dim=64"),
        part(
            "vision heads",
            "vision_config",
            "num_attention_heads",
            7,
            "config.json: VisionConfig: heads must divide dim, got heads=7, dim=64"),
        part(
            "Q-Former heads",
            "qformer_config",
            "num_attention_heads",
            5,
            "config.json: BertConfig: heads must divide dim, got heads=5, dim=48"),
        part(
            "heads zero",
            "vision_config",
            "num_attention_heads",
            0,
            "config.json: vision_config.num_attention_heads expected 1 to 1073741824, " + "got 0"),
        text(
            "negative width",
            "hidden_size",
            -64,
            "config.json: text_config.hidden_size expected 1 to 1073741824, got -64"),
        text(
            "negative layers",
            "num_hidden_layers",
            -1,
            "config.json: text_config.num_hidden_layers expected 1 to 1073741824, got -1"),
        text(
            "fractional width",
            "hidden_size",
            64.5,
            "config.json: text_config.hidden_size expected an integer, got 64.5"),
        text(
            "width a string",
            "hidden_size",
            "64",
            "config.json: text_config.hidden_size expected an integer, got \"64\""),
        text(
            "width beyond int",
            "hidden_size",
            10_000_000_000L,
            "config.json: text_config.hidden_size expected an integer, got 10000000000"),
        text(
            "width of a billion",
            "hidden_size",
            1_000_000_000,
            HEAD
                + "2 missing (language.projectIn.weight, language.projectOut.weight), 48 of "
                + "another shape or type (language.positions.weight: checkpoint tensor "
                + "expected [130, 1000000000], got [130, 64], "
                + "language.layers.0.attentionNorm.weight: checkpoint tensor expected "
                + "[1000000000], got [64], language.layers.0.attentionNorm.bias: checkpoint "
                + "tensor expected [1000000000], got [64], "
                + "language.layers.0.attention.query.weight: checkpoint tensor expected "
                + "[1000000000, 1000000000], got [64, 64], "
                + "language.layers.0.attention.query.bias: checkpoint tensor expected "
                + "[1000000000], got [64], language.layers.0.attention.key.weight: checkpoint "
                + "tensor expected [1000000000, 1000000000], got [64, 64], "
                + "language.layers.0.attention.key.bias: checkpoint tensor expected "
                + "[1000000000], got [64], language.layers.0.attention.value.weight: "
                + "checkpoint tensor expected [1000000000, 1000000000], got [64, 64], and 40 "
                + "more)"),
        part(
            "vision width of a billion",
            "vision_config",
            "hidden_size",
            1_000_000_000,
            HEAD
                + "55 of another shape or type (vision.classToken: checkpoint tensor expected "
                + "[1, 1, 1000000000], got [1, 1, 64], vision.positions: checkpoint tensor "
                + "expected [1, 37, 1000000000], got [1, 37, 64], vision.patches.weight: "
                + "checkpoint tensor expected [1000000000, 3, 8, 8], got [64, 3, 8, 8], "
                + "vision.patches.bias: checkpoint tensor expected [1000000000], got [64], "
                + "vision.layers.0.attentionNorm.weight: checkpoint tensor expected "
                + "[1000000000], got [64], vision.layers.0.attentionNorm.bias: checkpoint "
                + "tensor expected [1000000000], got [64], "
                + "vision.layers.0.attention.query.weight: checkpoint tensor expected "
                + "[3000000000, 1000000000], got [192, 64], "
                + "vision.layers.0.attention.query.bias: checkpoint tensor expected "
                + "[3000000000], got [192], and 47 more)"),
        text(
            "a billion layers",
            "num_hidden_layers",
            1_000_000_000,
            HEAD
                + "10000 missing (language.layers.3.attentionNorm.weight, "
                + "language.layers.3.attentionNorm.bias, "
                + "language.layers.3.attention.query.weight, "
                + "language.layers.3.attention.query.bias, "
                + "language.layers.3.attention.key.weight, "
                + "language.layers.3.attention.key.bias, "
                + "language.layers.3.attention.value.weight, "
                + "language.layers.3.attention.value.bias, and 9992 more)"),
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
                + "[1, 15625000000000001, 64], got [1, 37, 64])"),
        part(
            "patch beyond picture",
            "vision_config",
            "patch_size",
            49,
            "config.json: VisionConfig: patchSize must be within imageSize, got "
                + "patchSize=49, imageSize=48"),
        config(
            "no queries",
            json -> json.addProperty("num_query_tokens", 0),
            "config.json: num_query_tokens expected 1 to 1073741824, got 0"));
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
                + "F64, F32, F16, BF16, I64, I32, U8, BOOL, got F8_E9; convert it to one of "
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
            HEAD + "1 missing (qformer.layers.0.attention.query.weight)"),
        header(
            "a tensor too many",
            json -> rename(json, "query_tokens", "extra"),
            HEAD + "1 missing (queryTokens), 1 unused (extra)"),
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
                + "2 missing (qformer.embeddings.norm.bias, projection.bias), 2 of another "
                + "shape or type (queryTokens: checkpoint tensor expected [1, 9, 48], got [1, "
                + "8, 48], qformer.layers.0.attention.query.weight: checkpoint tensor expected "
                + "a floating type, got INT32), 1 unused (other)"));
  }

  static Stream<FolderCase> tokens() {
    return Stream.of(
        config(
            "image token",
            json -> json.addProperty("image_token_index", 424),
            "config.json: Blip2Config: imageTokenId expected 0 to 423, got 424"),
        config(
            "negative image token",
            json -> json.addProperty("image_token_index", -1),
            "config.json: Blip2Config: imageTokenId expected 0 to 423, got -1"),
        text(
            "padding",
            "pad_token_id",
            424,
            "config.json: OptConfig: padId expected 0 to 423, got 424"),
        text(
            "beginning",
            "bos_token_id",
            -2,
            "config.json: OptConfig: beginId expected 0 to 423, got -2"),
        text(
            "end",
            "eos_token_id",
            50118,
            "config.json: OptConfig: endId expected 0 to 423, got 50118"),
        config(
            "ends",
            json -> child(json, "text_config").add("eos_token_id", list(2, 424)),
            "config.json: OptConfig: endId expected 0 to 423, got 424"),
        config(
            "no ends",
            json -> child(json, "text_config").add("eos_token_id", list()),
            "config.json: text_config.eos_token_id expected a token id or several, got " + "none"),
        new FolderCase(
            "tokenizer of a larger model",
            f -> {
              String json = Files.readString(f.resolve("tokenizer.json"));
              write(f, "tokenizer.json", json.replace("\"!\": 4,", "\"!\": 50265,"));
            },
            "tokenizer.json: largest token id expected below the model's vocabulary of "
                + "424, got 50265; use the tokenizer that came with the model"));
  }
}
