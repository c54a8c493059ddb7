package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.TensorMemory;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Model folders damaged one way each: what is said, and that nothing is left behind. */
final class ModelFolderTest {
  private static final String WEIGHTS = Fixture.WEIGHTS;
  private static final String HEAD = "{folder}: tensors expected to fit the configuration, got ";
  private static final String QUERY = "qformer.encoder.layer.0.attention.attention.query.weight";

  @TempDir Path folder;

  private interface Damage {
    void to(Path folder) throws IOException;
  }

  private interface Edit {
    void of(JsonObject json);
  }

  /** One way to damage a folder, and what loading it says. */
  private record Case(String name, Damage damage, String message) {
    @Override
    public String toString() {
      return name;
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"files", "configurations", "sizes", "weights", "shards", "tensors", "tokens"})
  void load_ofDamagedFolder_saysWhatIsWrong(Case damaged) throws IOException {
    damaged.damage().to(Fixture.copyTo(folder));
    long used = TensorMemory.usedBytes();

    var thrown =
        assertTimeoutPreemptively(
            Duration.ofSeconds(20),
            () -> assertThrows(CheckpointException.class, () -> Blip2.load(folder)));

    assertEquals(damaged.message().replace("{folder}", folder.toString()), thrown.getMessage());
    assertEquals(used, TensorMemory.usedBytes(), "off-heap memory");
    assertEquals(List.of(), Fixture.openFiles(folder), "open files");
  }

  @Test
  void load_ofMissingFolder_saysSo() {
    Path missing = folder.resolve("missing");

    var thrown = assertThrows(CheckpointException.class, () -> Blip2.load(missing));

    assertEquals(missing + ": model expected a folder, got nothing", thrown.getMessage());
  }

  @Test
  void load_ofFile_saysFile() throws IOException {
    Path file = Files.createFile(folder.resolve("model"));

    var thrown = assertThrows(CheckpointException.class, () -> Blip2.load(file));

    assertEquals(file + ": model expected a folder, got a file", thrown.getMessage());
  }

  @Test
  void load_ofShardedFolder_captionsAsWhole() throws IOException {
    Fixture.shard(Fixture.copyTo(folder));

    try (var blip2 = Blip2.load(folder)) {
      assertEquals("a red circle", blip2.caption(Fixture.pictures().get(0)));
    }
  }

  @Test
  void load_processorInNewerFile_isRead() throws IOException {
    Fixture.copyTo(folder);
    Path older = folder.resolve("preprocessor_config.json");
    String processor = Files.readString(older).replace("48", "64");
    Files.writeString(
        folder.resolve("processor_config.json"), "{\"image_processor\":" + processor + "}");
    Files.delete(older);

    try (var loaded = LoadedModel.load(folder, DType.FLOAT32)) {
      assertEquals(64, loaded.processor().size().height());
    }
  }

  static Stream<Case> files() {
    return Stream.of(
        new Case(
            "no config",
            f -> Files.delete(f.resolve("config.json")),
            "{folder}/config.json: file expected, got none; check the path"),
        new Case(
            "config not JSON",
            f -> write(f, "config.json", "model_type: blip-2"),
            "config.json: JSON expected, got malformed text"),
        new Case(
            "config empty",
            f -> write(f, "config.json", ""),
            "config.json: JSON expected, got malformed text"),
        new Case(
            "config a list",
            f -> write(f, "config.json", "[]"),
            "config.json: JSON object expected, got a list of 0 at the top"),
        new Case(
            "no tokenizer",
            f -> Files.delete(f.resolve("tokenizer.json")),
            "{folder}/tokenizer.json: file expected, got none; check the path"),
        new Case(
            "tokenizer not JSON",
            f -> write(f, "tokenizer.json", "{\"model\":"),
            "tokenizer.json: JSON expected, got malformed text"),
        new Case(
            "tokenizer cut",
            f -> truncate(f, "tokenizer.json", 9_000),
            "tokenizer.json: JSON expected, got malformed text"),
        new Case(
            "tokenizer without model",
            f -> write(f, "tokenizer.json", "{}"),
            "tokenizer.json: model.vocab is missing or empty"),
        new Case(
            "processor not JSON",
            f -> write(f, "preprocessor_config.json", "{"),
            "{folder}/preprocessor_config.json: file expected JSON, got "
                + "java.io.EOFException: End of input at line 1 column 2 path $."),
        new Case(
            "processor without size",
            f -> write(f, "preprocessor_config.json", "{\"do_resize\": true}"),
            "{folder}/preprocessor_config.json: size expected height and width, "
                + "shortest_edge or a number, got none"),
        new Case(
            "generation config a list",
            f -> {
              withoutEnd(f);
              write(f, "generation_config.json", "[1]");
            },
            "generation_config.json: JSON object expected, got a list of 1 at the top"));
  }

  static Stream<Case> configurations() {
    return Stream.of(
        config(
            "another model",
            json -> json.addProperty("model_type", "llava"),
            "config.json: model_type expected blip-2, got llava"),
        config(
            "no model type",
            json -> json.remove("model_type"),
            "config.json: model_type expected blip-2, got nothing"),
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

  static Stream<Case> sizes() {
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
                + "[1000000000, 1000000000], got [64, 64], "
                + "vision.layers.0.attention.query.bias: checkpoint tensor expected "
                + "[1000000000], got [64], and 47 more)"),
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

  static Stream<Case> weights() {
    return Stream.of(
        new Case(
            "no weights",
            f -> Files.delete(f.resolve(WEIGHTS)),
            "{folder}: weights expected in model.safetensors or "
                + "model.safetensors.index.json, got neither; check the path"),
        new Case(
            "PyTorch weights only",
            f -> Files.move(f.resolve(WEIGHTS), f.resolve("pytorch_model.bin")),
            "{folder}: weights expected in model.safetensors or "
                + "model.safetensors.index.json, got pytorch_model.bin, which can't be read "
                + "yet; convert it to safetensors"),
        new Case(
            "weights empty",
            f -> truncate(f, WEIGHTS, 0),
            "model.safetensors: file expected at least 8 bytes, got 0; the file is "
                + "truncated, copy it again"),
        new Case(
            "weights cut in length",
            f -> truncate(f, WEIGHTS, 5),
            "model.safetensors: file expected at least 8 bytes, got 5; the file is "
                + "truncated, copy it again"),
        new Case(
            "weights cut in header",
            f -> truncate(f, WEIGHTS, 1000),
            "model.safetensors: header ends at byte 21480, past the end of the file "
                + "(1000 bytes); the file is truncated, copy it again"),
        new Case(
            "weights cut in data",
            f -> truncate(f, WEIGHTS, 700_000),
            "model.safetensors: tensor "
                + "qformer.encoder.layer.1.attention.attention.key.weight ends at byte 707432, "
                + "past the end of the file (700000 bytes); the file is truncated, copy it "
                + "again"),
        new Case(
            "weights cut by a byte",
            f -> truncate(f, WEIGHTS, 1_432_935),
            "model.safetensors: tensor vision_model.post_layernorm.weight ends at byte "
                + "1432936, past the end of the file (1432935 bytes); the file is truncated, "
                + "copy it again"),
        new Case(
            "header length absurd",
            f -> headerLength(f, Long.MAX_VALUE),
            "model.safetensors: header length expected 0 to 100000000 bytes, got "
                + "9223372036854775807; the file is not safetensors"),
        new Case(
            "header length negative",
            f -> headerLength(f, -1),
            "model.safetensors: header length expected 0 to 100000000 bytes, got "
                + "18446744073709551615; the file is not safetensors"),
        new Case(
            "header not JSON",
            f -> headerLength(f, 100),
            "model.safetensors: header: JSON expected, got malformed text"),
        header(
            "offsets overlap",
            json -> offsets(json, 0, 9216),
            "model.safetensors: tensor "
                + "language_model.model.decoder.embed_positions.weight expected to begin at "
                + "byte 30688, where the one before it ends, got 21472"),
        header(
            "offset past the end",
            json -> offsets(json, 1_500_000, 1_509_216),
            "model.safetensors: tensor "
                + "qformer.encoder.layer.0.attention.attention.query.weight ends at byte "
                + "1530697, past the end of the file (1432937 bytes); the file is truncated, "
                + "copy it again"),
        header(
            "offsets reversed",
            json -> offsets(json, 9216, 0),
            "model.safetensors: data_offsets of tensor "
                + "qformer.encoder.layer.0.attention.attention.query.weight expected [begin, "
                + "end], got [9216, 0]"),
        header(
            "shape beyond data",
            json -> tensor(json, "shape", List.of(48, 49)),
            "model.safetensors: tensor "
                + "qformer.encoder.layer.0.attention.attention.query.weight expected 9408 "
                + "bytes for F32 [48, 49], got 9216"));
  }

  static Stream<Case> shards() {
    return Stream.of(
        new Case(
            "a shard missing",
            f -> {
              Fixture.shard(f);
              Files.delete(f.resolve(Fixture.shardName(1)));
            },
            "{folder}: 1 shards missing (model-00002-of-00002.safetensors); copy the "
                + "folder again"),
        new Case(
            "a shard cut",
            f -> {
              Fixture.shard(f);
              truncate(f, Fixture.shardName(1), 20_000);
            },
            "model-00002-of-00002.safetensors: tensor "
                + "vision_model.embeddings.patch_embedding.weight ends at byte 54297, past the "
                + "end of the file (20000 bytes); the file is truncated, copy it again"),
        new Case(
            "a shard lacks a tensor",
            f -> {
              Fixture.shard(f);
              Fixture.editJson(
                  f.resolve(WEIGHTS + ".index.json"),
                  json ->
                      json.getAsJsonObject("weight_map")
                          .addProperty("query_tokens", Fixture.shardName(1)));
            },
            "model.safetensors.index.json: 1 tensors missing from their shards "
                + "(query_tokens in model-00002-of-00002.safetensors); copy the folder again"),
        new Case(
            "a shard elsewhere",
            f -> {
              Fixture.shard(f);
              Fixture.editJson(
                  f.resolve(WEIGHTS + ".index.json"),
                  json ->
                      json.getAsJsonObject("weight_map")
                          .addProperty("query_tokens", "../other.safetensors"));
            },
            "model.safetensors.index.json: weight_map.query_tokens expected a file name "
                + "within the folder, got \"../other.safetensors\""));
  }

  static Stream<Case> tensors() {
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
        new Case(
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
        new Case(
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

  static Stream<Case> tokens() {
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
            "config.json: text_config.eos_token_id expected 0 to 423, got 424"),
        config(
            "no ends",
            json -> child(json, "text_config").add("eos_token_id", list()),
            "config.json: text_config.eos_token_id expected a token id or several, got " + "none"),
        new Case(
            "generation's end",
            f -> {
              withoutEnd(f);
              write(f, "generation_config.json", "{\"eos_token_id\": [2, 424]}");
            },
            "generation_config.json: eos_token_id expected 0 to 423, got 424"),
        new Case(
            "tokenizer of a larger model",
            f -> {
              String json = Files.readString(f.resolve("tokenizer.json"));
              write(f, "tokenizer.json", json.replace("\"id\": 420", "\"id\": 50265"));
            },
            "tokenizer.json: largest token id expected below the model's vocabulary of "
                + "424, got 50265; use the tokenizer that came with the model"));
  }

  private static Case config(String name, Edit edit, String message) {
    return new Case(name, f -> Fixture.editJson(f.resolve("config.json"), edit::of), message);
  }

  private static Case text(String name, String key, Object value, String message) {
    return part(name, "text_config", key, value, message);
  }

  private static Case part(String name, String part, String key, Object value, String message) {
    return config(name, json -> set(child(json, part), key, value), message);
  }

  private static Case header(String name, Edit edit, String message) {
    return new Case(name, f -> Fixture.editHeader(f.resolve(WEIGHTS), edit::of), message);
  }

  private static void set(JsonObject json, String key, Object value) {
    json.add(key, new Gson().toJsonTree(value));
  }

  private static JsonArray list(Integer... values) {
    return new Gson().toJsonTree(values).getAsJsonArray();
  }

  private static JsonObject child(JsonObject json, String key) {
    return json.getAsJsonObject(key);
  }

  private static void tensor(JsonObject header, String key, List<?> value) {
    set(child(header, QUERY), key, value);
  }

  private static void retype(JsonObject header, String dtype) {
    child(header, QUERY).addProperty("dtype", dtype);
  }

  private static void offsets(JsonObject header, long begin, long end) {
    tensor(header, "data_offsets", List.of(begin, end));
  }

  private static void rename(JsonObject header, String from, String to) {
    header.add(to, header.remove(from));
  }

  private static void withoutEnd(Path folder) throws IOException {
    Fixture.editJson(
        folder.resolve("config.json"), json -> child(json, "text_config").remove("eos_token_id"));
  }

  private static void write(Path folder, String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }

  private static void truncate(Path folder, String name, long length) throws IOException {
    try (var file = new RandomAccessFile(folder.resolve(name).toFile(), "rw")) {
      file.setLength(length);
    }
  }

  private static void headerLength(Path folder, long length) throws IOException {
    try (var file = new RandomAccessFile(folder.resolve(WEIGHTS).toFile(), "rw")) {
      ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      file.write(bytes.putLong(length).array());
    }
  }
}
