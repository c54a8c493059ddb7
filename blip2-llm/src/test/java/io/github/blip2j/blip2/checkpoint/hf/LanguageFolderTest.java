package io.github.blip2j.blip2.checkpoint.hf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.blip2.checkpoint.files.PlainLanguage;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.LanguageFamilies;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.opt.OptConfig;
import io.github.blip2j.llm.opt.OptFamily;
import io.github.blip2j.llm.opt.OptModel;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LanguageFolderTest {
  private final Path folder;

  LanguageFolderTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void checkpoint_ofShards_holdsTheLanguageModel() throws IOException {
    assertHoldsTheLanguageModel(false, name -> name);
  }

  @Test
  void checkpoint_ofTorch_holdsTheLanguageModel() throws IOException {
    assertHoldsTheLanguageModel(true, name -> name);
  }

  @Test
  void checkpoint_ofABodySavedAlone_holdsTheLanguageModel() throws IOException {
    assertHoldsTheLanguageModel(true, name -> name.replaceFirst("^model\\.", ""));
  }

  @Test
  void textConfig_ofOpt_endsTextsWithALine() throws IOException {
    PlainLanguage.write(Fixture.HF_OPT, folder);
    Fixture.editJson(folder.resolve(Fixture.CONFIG), json -> json.addProperty("eos_token_id", 100));

    try (var language = LanguageFolder.open(folder, LanguageFamilies.builtIn());
        var tokenizer = HuggingFaceTokenizer.open(folder)) {
      JsonObject text = language.textConfig(tokenizer);

      assertEquals(tokenizer.encodePlain("\n")[0], text.get("eos_token_id").getAsInt());
      assertEquals(OptFamily.OPT, language.family());
    }
  }

  @Test
  void textConfig_ofT5_activatesExactly() throws IOException {
    PlainLanguage.write(Fixture.HF_OPT, folder);
    Fixture.editJson(
        folder.resolve(Fixture.CONFIG),
        json -> {
          json.addProperty("model_type", "t5");
          json.addProperty("dense_act_fn", "gelu_new");
        });

    try (var language = LanguageFolder.open(folder, LanguageFamilies.builtIn());
        var tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertEquals("gelu", language.textConfig(tokenizer).get("dense_act_fn").getAsString());
    }
  }

  @Test
  void tokenizer_ofVocabularyAndMerges_readsAsTheWholeFile() throws IOException {
    writeVocabularyAndMerges();

    try (var language = LanguageFolder.open(folder, LanguageFamilies.builtIn());
        var made = language.tokenizer();
        var original = HuggingFaceTokenizer.open(Fixture.HF_OPT)) {
      for (String text :
          List.of("", "a red circle\n", "  Question: what's this? Answer: é, 12 \u4e2d</s> x")) {
        assertArrayEquals(original.encode(text), made.encode(text), text);
        assertEquals(original.decode(original.encode(text)), made.decode(made.encode(text)));
      }
      assertEquals(original.padId(), made.padId());
      Path target = Files.createDirectory(folder.resolve("target"));
      TokenizerCopy.copy(language.folder(), target);
      try (var copied = HuggingFaceTokenizer.open(target)) {
        assertArrayEquals(original.encode("two stars"), copied.encode("two stars"));
      }
    }
  }

  @Test
  void tokenizer_ofABrokenVocabulary_namesIt() throws IOException {
    writeVocabularyAndMerges();
    Path vocabulary = folder.resolve("vocab.json");
    String whole = Files.readString(vocabulary);

    assertTokenizerFails(
        "vocab.json: JSON expected, got malformed text",
        () -> Files.writeString(vocabulary, whole.substring(0, whole.length() / 2)));
    assertTokenizerFails(
        "vocab.json: JSON object expected, got a list of 2 at the top",
        () -> Files.writeString(vocabulary, "[1,2]"));
    assertTokenizerFails(
        "vocab.json: </s> is missing",
        () -> Files.writeString(vocabulary, whole.replace("\"</s>\"", "\"</x>\"")));
    assertTokenizerFails(
        "vocab.json: </s> expected an integer, got \"2\"",
        () -> Files.writeString(vocabulary, whole.replace("\"</s>\":2", "\"</s>\":\"2\"")));
  }

  @Test
  void tokenizer_ofBrokenMerges_namesThem() throws IOException {
    writeVocabularyAndMerges();
    Path merges = folder.resolve("merges.txt");

    assertTokenizerFails(
        merges + ": text expected UTF-8, got other bytes",
        () -> Files.write(merges, new byte[] {'a', ' ', (byte) 0xE9, '\n'}));
    Files.writeString(merges, "nowhere tobefound\n");

    try (var language = LanguageFolder.open(folder, LanguageFamilies.builtIn())) {
      var e = assertThrows(CheckpointException.class, language::tokenizer);

      assertTrue(
          String.valueOf(e.getMessage())
              .startsWith(folder + ": vocab.json and merges.txt: tokenizer expected, got "),
          e.getMessage());
    }
  }

  private void assertTokenizerFails(String message, Executable breaking) throws IOException {
    assertDoesNotThrow(breaking);
    try (var language = LanguageFolder.open(folder, LanguageFamilies.builtIn())) {
      assertEquals(
          message, assertThrows(CheckpointException.class, language::tokenizer).getMessage());
    }
  }

  /** The small OPT as its own folders are: without a tokenizer that is ready. */
  private void writeVocabularyAndMerges() throws IOException {
    PlainLanguage.write(Fixture.HF_OPT, folder);
    JsonObject whole =
        JsonParser.parseString(Files.readString(folder.resolve("tokenizer.json")))
            .getAsJsonObject();
    JsonObject model = whole.getAsJsonObject("model");
    Files.writeString(folder.resolve("vocab.json"), model.get("vocab").toString());
    List<String> merges = new ArrayList<>(List.of("#version: 0.2"));
    for (JsonElement each : model.getAsJsonArray("merges")) {
      JsonArray pair = each.getAsJsonArray();
      merges.add(pair.get(0).getAsString() + " " + pair.get(1).getAsString());
    }
    Files.write(folder.resolve("merges.txt"), merges);
    Files.delete(folder.resolve("tokenizer.json"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"module.", "_orig_mod.", "net.language."})
  void open_namesOfWrappers_areRemoved(String prefix) throws IOException {
    PlainLanguage.write(Fixture.HF_OPT, folder, true, name -> prefix + name);

    try (var language = LanguageFolder.open(folder, LanguageFamilies.builtIn());
        var blip2 = Checkpoint.open(Fixture.HF_OPT)) {
      Set<String> names = new TreeSet<>(blip2.tensors().keySet());
      names.removeIf(name -> !name.startsWith("language_model."));
      assertEquals(names, language.checkpoint().tensors().keySet());
    }
  }

  @Test
  void open_folderWithAnAdapter_isRefused() throws IOException {
    PlainLanguage.write(Fixture.HF_OPT, folder);
    Files.writeString(folder.resolve("adapter_config.json"), "{}");

    assertEquals(
        folder
            + ": language model expected without an adapter, got adapter_config.json; merge it"
            + " first, by blip2 convert --merge-lora (LoraMerge), or in Python (merge_and_unload)"
            + " if the model is a part of a BLIP-2",
        assertThrows(
                CheckpointException.class,
                () -> LanguageFolder.open(folder, LanguageFamilies.builtIn()))
            .getMessage());
  }

  @Test
  void tokenizer_partsOfOld_followTheSettingsBeside() throws IOException {
    writeVocabularyAndMerges();
    Files.writeString(folder.resolve("added_tokens.json"), "{\"<image>\": 420, \"<Q>\": 421}");
    Files.writeString(folder.resolve("tokenizer_config.json"), "{\"add_bos_token\": false}");

    try (var language = LanguageFolder.open(folder, LanguageFamilies.builtIn());
        var tokenizer = language.tokenizer()) {
      assertEquals(OptionalInt.of(420), tokenizer.idOf("<image>"));
      assertEquals(421, tokenizer.encode("<Q> a red")[0]);
      assertArrayEquals(tokenizer.encodePlain("a red"), tokenizer.encode("a red"));
    }
  }

  @Test
  void open_modelOfAnotherKind_isRefused() throws IOException {
    Files.writeString(folder.resolve(Fixture.CONFIG), "{\"model_type\": \"bert\"}");

    var e =
        assertThrows(
            CheckpointException.class,
            () -> LanguageFolder.open(folder, LanguageFamilies.builtIn()));

    assertEquals(
        folder.resolve(Fixture.CONFIG)
            + ": model_type of a plain language model expected one of llama, mistral, mt5, opt, qwen2,"
            + " t5, got bert"
            + "; another family is registered by withLanguageFamilies of LoadOptions or StageTwoSetup, or as a service"
            + " io.github.blip2j.llm.LanguageFamily",
        e.getMessage());
  }

  @Test
  void open_nothing_isRefused() {
    Path gone = folder.resolve("gone");

    var e =
        assertThrows(
            CheckpointException.class, () -> LanguageFolder.open(gone, LanguageFamilies.builtIn()));

    assertEquals(gone + ": language model expected a folder, got nothing", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.decoder.", "decoder.", "module.model.decoder."})
  void checkpoint_missingAndUnused_areNamedAsInTheFile(String before) throws IOException {
    UnaryOperator<String> names =
        name ->
            name.replace("model.decoder.", before)
                .replace("decoder.final_layer_norm.weight", "decoder.final_norm.weight");
    PlainLanguage.write(Fixture.HF_OPT, folder, false, names);
    try (var language = LanguageFolder.open(folder, LanguageFamilies.builtIn());
        Scope home = Scope.detached()) {
      Params params = Params.root(weights(language.checkpoint()), home);
      var sizes = OptConfig.fromJson(ConfigJson.read(folder.resolve(Fixture.CONFIG)));
      new OptModel(sizes, params.at("language"));

      var e = assertThrows(CheckpointException.class, params::finish);

      String message = String.valueOf(e.getMessage());
      String bare = before.replace("module.", "");
      assertTrue(
          message.endsWith(
              "got 1 missing (language.norm.weight (looked for as "
                  + bare
                  + "final_layer_norm.weight)), 1 unused ("
                  + before
                  + "final_norm.weight)"),
          message);
    }
  }

  private void assertHoldsTheLanguageModel(boolean torch, UnaryOperator<String> names)
      throws IOException {
    PlainLanguage.write(Fixture.HF_OPT, folder, torch, names);
    try (var language = LanguageFolder.open(folder, LanguageFamilies.builtIn());
        var original = Checkpoint.open(Fixture.HF_OPT);
        Scope home = Scope.detached()) {
      Params params = Params.root(weights(language.checkpoint()), home);
      var sizes = OptConfig.fromJson(ConfigJson.read(folder.resolve(Fixture.CONFIG)));
      new OptModel(sizes, params.at("language"));
      params.finish();

      var rest = Params.root(weights(original), home);
      new OptModel(sizes, rest.at("language"));
      for (Map.Entry<String, Parameter> each : rest.all().entrySet()) {
        Parameter read = Objects.requireNonNull(params.all().get(each.getKey()), each.getKey());
        assertArrayEquals(
            each.getValue().value().toFloats(), read.value().toFloats(), each.getKey());
      }
    }
  }

  private CheckpointWeights weights(Checkpoint checkpoint) {
    return new CheckpointWeights(
        folder.toString(), checkpoint, HuggingFaceNames.blip2(Blip2Config.opt2b7()));
  }
}
