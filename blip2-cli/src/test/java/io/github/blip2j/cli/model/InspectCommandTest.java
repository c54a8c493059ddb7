package io.github.blip2j.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.cli.Shell;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class InspectCommandTest {
  private static final Path GOLDEN = Path.of("../blip2-llm/src/test/resources/golden");
  private static final Path OPT = GOLDEN.resolve("hf-opt");

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "hf-opt, Blip2, 'Blip2ForConditionalGeneration, a Hugging Face folder'",
    "hf-t5, Blip2, 'Blip2ForConditionalGeneration, a Hugging Face folder'",
    "hf-instructblip, Blip2, 'InstructBlipForConditionalGeneration, a Hugging Face folder'",
    "hf-itm, ImageTextMatcher, 'Blip2ForImageTextRetrieval, a Hugging Face folder'",
    "../../../../../blip2-qformer/src/test/resources/golden/hf-bert, BertLMHeadModel, 'BertForMaskedLM, a Hugging Face folder'",
    "lavis-stage1, ImageTextMatcher, LAVIS checkpoint of the first stage",
    "lavis-stage1-clip, ImageTextMatcher, LAVIS checkpoint of the first stage"
  })
  void inspect_modelOfEachKind_saysWhatLoadsIt(String name, String loader, String kind) {
    JsonObject found =
        Shell.run("inspect", GOLDEN.resolve(name).toString(), "--no-sums", "--json").json();

    assertEquals(kind, found.get("kind").getAsString());
    JsonObject by = found.getAsJsonArray("loaded_by").get(0).getAsJsonObject();
    assertEquals(loader, by.get("class").getAsString());
    assertTrue(by.get("loads").getAsBoolean(), by::toString);
  }

  @Test
  void inspect_tensors_haveTheSumsOfNumPy() {
    JsonArray tensors =
        Shell.run("inspect", OPT.toString(), "--json").json().getAsJsonArray("tensors");

    JsonObject positions = new JsonObject();
    for (JsonElement each : tensors) {
      if (each.getAsJsonObject().get("name").getAsString().endsWith("embed_positions.weight")) {
        positions = each.getAsJsonObject();
      }
    }
    assertEquals(183, tensors.size());
    assertEquals("F32", positions.get("dtype").getAsString());
    assertEquals("[130,64]", positions.get("shape").toString());
    assertEquals("model.safetensors", positions.get("file").getAsString());
    assertEquals(-21.553382936283015, positions.get("sum").getAsDouble(), 1e-9);
    assertEquals(-1.7525649070739746, positions.get("min").getAsDouble());
    assertEquals(1.7613933086395264, positions.get("max").getAsDouble());
    assertEquals(0, positions.get("nans").getAsInt());
  }

  @Test
  void inspect_tensorOfWhatJsonCannotSay_tellsItApart() throws IOException {
    Path file = folder.resolve("a.safetensors");
    float[] numbers = {Float.POSITIVE_INFINITY, 1, Float.NEGATIVE_INFINITY};
    var specs = List.of(new TensorSpec("a", DType.FLOAT32, Shape.of(3)));
    try (var writer = SafetensorsWriter.create(file, specs)) {
      var bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(numbers);
      writer.write("a", bytes);
    }

    JsonObject tensor =
        Shell.run("inspect", file.toString(), "--json")
            .json()
            .getAsJsonArray("tensors")
            .get(0)
            .getAsJsonObject();

    assertEquals("\"-Infinity\"", tensor.get("min").toString());
    assertEquals("\"Infinity\"", tensor.get("max").toString());
    assertEquals("\"NaN\"", tensor.get("sum").toString());
  }

  /** Its values are those that are read, 5 times 0.5, whatever the type in the file. */
  @Test
  void inspect_bytesWithAScale_haveTheTypeInTheFile() throws IOException {
    Path file = folder.resolve("a.safetensors");
    var specs =
        List.of(
            new TensorSpec("a.weight", DType.INT8, Shape.of(1, 1)),
            new TensorSpec("a.weight_scale", DType.FLOAT32, Shape.of(1, 1)));
    try (var writer = SafetensorsWriter.create(file, specs)) {
      var scale = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0.5f);
      writer.write("a.weight", ByteBuffer.wrap(new byte[] {5}));
      writer.write("a.weight_scale", scale.flip());
    }

    JsonArray tensors =
        Shell.run("inspect", file.toString(), "--json").json().getAsJsonArray("tensors");
    List<String> lines = Shell.run("inspect", file.toString()).out().lines().toList();

    assertEquals(1, tensors.size());
    assertEquals("I8", tensors.get(0).getAsJsonObject().get("dtype").getAsString());
    assertEquals(
        "a.weight I8 [1, 1] sum 2.50000 min 2.50000 max 2.50000", lines.get(lines.size() - 1));
  }

  @Test
  void inspect_picture_saysThatItIsNeither() {
    String picture = Shell.image("a.png");

    assertEquals(
        "blip2: a.png: safetensors or file of torch.save expected, got neither; check the path\n",
        Shell.run("inspect", picture).err());
  }

  @Test
  void inspect_asText_hasALineForEachTensor() {
    Shell shell = Shell.run("inspect", OPT.resolve("model.safetensors").toString());

    List<String> lines = shell.out().lines().toList();
    assertEquals("tensors alone", lines.get(0));
    assertEquals("183 tensors, 352864 numbers", lines.get(3));
    assertEquals(
        "language_model.model.decoder.embed_positions.weight F32 [130, 64]"
            + " sum -21.5534 min -1.75256 max 1.76139",
        lines.get(4));
    assertEquals(4 + 183, lines.size());
  }

  @Test
  void inspect_withATensorMissingAndOneMore_namesBoth() throws IOException {
    for (String name : List.of("config.json", "tokenizer.json", "preprocessor_config.json")) {
      Files.copy(OPT.resolve(name), folder.resolve(name));
    }
    copyWeights(name -> name.equals("query_tokens") ? "another" : name);

    JsonObject by =
        Shell.run("inspect", folder.toString(), "--no-sums", "--json")
            .json()
            .getAsJsonArray("loaded_by")
            .get(0)
            .getAsJsonObject();

    assertFalse(by.get("loads").getAsBoolean());
    assertEquals("[\"query_tokens\"]", by.get("missing").toString());
    assertEquals("[\"another\"]", by.get("surplus").toString());
    String text = Shell.run("inspect", folder.toString(), "--no-sums").out();
    assertTrue(text.contains("\n1 missing: query_tokens\n"), text);
  }

  @Test
  void inspect_whatCannotBeLoaded_saysWhy() throws IOException {
    for (String name : List.of("model.safetensors", "tokenizer.json")) {
      Files.copy(OPT.resolve(name), folder.resolve(name));
    }
    String config = Files.readString(OPT.resolve("config.json"));
    Files.writeString(
        folder.resolve("config.json"),
        config.replace("\"model_type\": \"opt\"", "\"model_type\": \"gpt\""));

    Shell shell = Shell.run("inspect", folder.toString(), "--no-sums");

    assertEquals(0, shell.exit());
    assertTrue(
        shell.out().contains("\nconfig.json: text_config.model_type expected one of llama"),
        shell.out());
  }

  @Test
  void inspect_nothing_failsInOneLine() {
    Shell shell = Shell.run("inspect", folder.resolve("none").toString());

    assertEquals(1, shell.exit());
    assertEquals(1, shell.err().lines().count());
  }

  private void copyWeights(UnaryOperator<String> names) throws IOException {
    try (Checkpoint from = Checkpoint.open(OPT)) {
      List<TensorSpec> specs = new ArrayList<>();
      for (TensorEntry entry : from.tensors().values()) {
        specs.add(new TensorSpec(names.apply(entry.name()), entry.dtype(), entry.shape()));
      }
      Path file = folder.resolve("model.safetensors");
      try (var to = SafetensorsWriter.create(file, specs, Map.of("format", "pt"))) {
        for (TensorEntry entry : from.tensors().values()) {
          ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(entry.byteSize()));
          from.read(entry.name(), bytes);
          to.write(names.apply(entry.name()), bytes.flip());
        }
      }
    }
  }
}
