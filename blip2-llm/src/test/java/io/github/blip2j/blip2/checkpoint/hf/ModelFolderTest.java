package io.github.blip2j.blip2.checkpoint.hf;

import static io.github.blip2j.blip2.FolderCase.header;
import static io.github.blip2j.blip2.FolderCase.headerLength;
import static io.github.blip2j.blip2.FolderCase.offsets;
import static io.github.blip2j.blip2.FolderCase.tensor;
import static io.github.blip2j.blip2.FolderCase.truncate;
import static io.github.blip2j.blip2.FolderCase.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.blip2.FolderCase;
import io.github.blip2j.blip2.inference.GenerationSession;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of a model folder damaged one way each. */
final class ModelFolderTest {
  private static final String WEIGHTS = Fixture.WEIGHTS;

  @TempDir Path folder;

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          config.json              | model_type: blip-2  | JSON expected, got malformed text
          config.json              | ''                  | JSON expected, got malformed text
          config.json              | []                  | JSON object expected, got a list of 0 at the top
          tokenizer.json           | {"model":           | JSON expected, got malformed text; copy the file again
          tokenizer.json           | {}                  | model.vocab is missing or empty
          preprocessor_config.json | {                   | JSON expected, got malformed text
          preprocessor_config.json | {"size": {}}        | size.height is missing
          """)
  void load_wrongText_saysWhatIsWrong(String file, String text, String message) throws IOException {
    new FolderCase(file, f -> write(f, file, text), file + ": " + message).assertRefused(folder);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "generation_config.json",
        "preprocessor_config.json",
        "processor_config.json",
        "chat_template.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json"
      })
  void load_settingsOfGitLfs_namesThePointer(String file) throws IOException {
    String pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 136\n";

    new FolderCase(
            file,
            f -> write(f, file, pointer),
            file + ": JSON expected, got a Git LFS pointer; run git lfs pull")
        .assertRefused(folder);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"files", "weights", "shards"})
  void load_ofDamagedFolder_saysWhatIsWrong(FolderCase damaged) throws IOException {
    damaged.assertRefused(folder);
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
      assertEquals("a red circle", blip2.caption(blip2.read(Fixture.pictures().get(0))));
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

    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32)) {
      assertEquals(64, loaded.processor().size().height());
    }
  }

  static Stream<FolderCase> files() {
    return Stream.of(
        new FolderCase(
            "no config",
            f -> Files.delete(f.resolve("config.json")),
            "{folder}/config.json: file expected, got none; check the path"),
        new FolderCase(
            "no tokenizer",
            f -> Files.delete(f.resolve("tokenizer.json")),
            "{folder}/tokenizer.json: file expected, got none; check the path"),
        new FolderCase(
            "tokenizer cut",
            f -> truncate(f, "tokenizer.json", 9_000),
            "tokenizer.json: JSON expected, got malformed text; copy the file again"));
  }

  static Stream<FolderCase> weights() {
    return Stream.of(
        new FolderCase(
            "no weights",
            f -> Files.delete(f.resolve(WEIGHTS)),
            "{folder}: weights expected in model.safetensors, model.safetensors.index.json,"
                + " pytorch_model.bin or pytorch_model.bin.index.json, got none of them; check the"
                + " path"),
        new FolderCase(
            "safetensors called PyTorch",
            f -> Files.move(f.resolve(WEIGHTS), f.resolve("pytorch_model.bin")),
            "pytorch_model.bin: safetensors or file of torch.save expected, got neither; check the path"),
        new FolderCase(
            "weights empty",
            f -> truncate(f, WEIGHTS, 0),
            "model.safetensors: file expected at least 8 bytes, got 0; the file is "
                + "truncated, copy it again"),
        new FolderCase(
            "weights cut in length",
            f -> truncate(f, WEIGHTS, 5),
            "model.safetensors: file expected at least 8 bytes, got 5; the file is "
                + "truncated, copy it again"),
        new FolderCase(
            "weights cut in header",
            f -> truncate(f, WEIGHTS, 1000),
            "model.safetensors: header ends at byte 21480, past the end of the file "
                + "(1000 bytes); the file is truncated, copy it again"),
        new FolderCase(
            "weights cut in data",
            f -> truncate(f, WEIGHTS, 700_000),
            "model.safetensors: tensor "
                + "qformer.encoder.layer.1.attention.attention.key.weight ends at byte 707432, "
                + "past the end of the file (700000 bytes); the file is truncated, copy it "
                + "again"),
        new FolderCase(
            "weights cut by a byte",
            f -> truncate(f, WEIGHTS, 1_432_935),
            "model.safetensors: tensor vision_model.post_layernorm.weight ends at byte "
                + "1432936, past the end of the file (1432935 bytes); the file is truncated, "
                + "copy it again"),
        new FolderCase(
            "header length absurd",
            f -> headerLength(f, Long.MAX_VALUE),
            "model.safetensors: header length expected 0 to 100000000 bytes, got "
                + "9223372036854775807; the file is not safetensors"),
        new FolderCase(
            "header length negative",
            f -> headerLength(f, -1),
            "model.safetensors: header length expected 0 to 100000000 bytes, got "
                + "18446744073709551615; the file is not safetensors"),
        new FolderCase(
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

  static Stream<FolderCase> shards() {
    return Stream.of(
        new FolderCase(
            "a shard missing",
            f -> {
              Fixture.shard(f);
              Files.delete(f.resolve(Fixture.shardName(1)));
            },
            "{folder}: 1 shards missing (model-00002-of-00002.safetensors); copy the "
                + "folder again"),
        new FolderCase(
            "a shard cut",
            f -> {
              Fixture.shard(f);
              truncate(f, Fixture.shardName(1), 20_000);
            },
            "model-00002-of-00002.safetensors: tensor "
                + "vision_model.embeddings.patch_embedding.weight ends at byte 54297, past the "
                + "end of the file (20000 bytes); the file is truncated, copy it again"),
        new FolderCase(
            "a tensor that no shard has",
            f -> {
              Fixture.shard(f);
              Fixture.editJson(
                  f.resolve(WEIGHTS + ".index.json"),
                  json ->
                      json.getAsJsonObject("weight_map")
                          .addProperty("more_tokens", Fixture.shardName(1)));
            },
            "model.safetensors.index.json: 1 tensors missing from their shards "
                + "(more_tokens in model-00002-of-00002.safetensors); copy the folder again"),
        new FolderCase(
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
}
