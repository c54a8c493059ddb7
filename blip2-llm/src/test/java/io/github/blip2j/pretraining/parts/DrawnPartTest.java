package io.github.blip2j.pretraining.parts;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.checkpoint.hf.LanguageFolder;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.blip2.model.LanguageFamilies;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.pretraining.StageOneParts;
import io.github.blip2j.qformer.BertLMHeadModel;
import io.github.blip2j.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DrawnPartTest {
  @TempDir private Path folder;
  private final Scope home = Scope.detached();

  @AfterEach
  void close() {
    home.close();
  }

  @ParameterizedTest
  @CsvSource({"blip_2_vision_model, 17", "siglip_vision_model, 16"})
  void vision_andBert_beginAFirstStage(String family, int tokens) throws IOException {
    Path tower = folder.resolve("tower");
    Path bert = folder.resolve("bert");
    new DrawnPart(Small.tower(folder, family), 1).vision(tower);
    new DrawnPart(Small.bert(folder), 2).bert(Small.BERT_WORDS, bert);

    Blip2RetrievalModel model = StageOneParts.of(tower, bert).load(home, new Random(1));

    assertEquals(tokens, model.config().vision().tokens(32, 32));
    assertEquals(16, model.config().vision().dim());
    assertEquals(Small.bertWords() + 1, model.config().qformer().bert().vocabSize());
    assertEquals(1, BertLMHeadModel.load(bert, home).bert().config().layers());
  }

  @Test
  void language_isReadAsAPretrainedOne() throws IOException {
    Path out = folder.resolve("language");
    new DrawnPart(Small.language(folder), 3).language(Small.LANGUAGE_WORDS, out);

    try (var read = LanguageFolder.open(out, LanguageFamilies.installed())) {
      assertEquals(16, read.sizes().config().embeddingDim());
    }
    assertEquals(2, LanguagePart.load(out, home).config().beginId());
  }

  @Test
  void seed_decidesTheWeights() throws IOException {
    Path config = Small.tower(folder, "blip_2_vision_model");
    new DrawnPart(config, 1).vision(folder.resolve("a"));
    new DrawnPart(config, 1).vision(folder.resolve("b"));
    new DrawnPart(config, 2).vision(folder.resolve("c"));

    String file = "model.safetensors";
    assertEquals(-1, Files.mismatch(folder.resolve("a/" + file), folder.resolve("b/" + file)));
    assertTrue(Files.mismatch(folder.resolve("a/" + file), folder.resolve("c/" + file)) >= 0);
  }

  @ParameterizedTest
  @CsvSource({"initializer_range, 0.3", "init_std, 0.1", "something_else, 0.02"})
  void initializerRange_isTheDeviationOfAllThatIsDrawn(String key, double expected)
      throws IOException {
    Path config = Small.bert(folder);
    Files.writeString(
        config, Files.readString(config).replace("{", "{\"" + key + "\": " + expected + ","));
    Path tower = folder.resolve("tower");
    Path bert = folder.resolve("bert");
    new DrawnPart(Small.tower(folder, "blip_2_vision_model"), 1).vision(tower);
    new DrawnPart(config, 2).bert(Small.BERT_WORDS, bert);

    Map<String, Parameter> drawn =
        StageOneParts.of(tower, bert).load(home, new Random(1)).parameters();

    for (String name :
        List.of(
            "qformer.layers.0.textMlp.up.weight",
            "qformer.layers.0.imageAttention.query.weight",
            "queries")) {
      Parameter parameter = requireNonNull(drawn.get(name), () -> name + " of " + drawn.keySet());
      assertEquals(expected, deviation(parameter), 0.15 * expected, name);
    }
  }

  private static double deviation(Parameter parameter) {
    double squares = 0;
    float[] values = parameter.value().toFloats();
    for (float value : values) {
      squares += value * value;
    }
    return Math.sqrt(squares / values.length);
  }

  @Test
  void initializerRangeOfNothing_isRefused() throws IOException {
    Path config = folder.resolve("still.json");
    Files.writeString(
        config,
        Files.readString(Small.tower(folder, "blip_2_vision_model"))
            .replace("{", "{\"initializer_range\": 1e-10,"));

    var refused =
        assertThrows(
            CheckpointException.class, () -> new DrawnPart(config, 1).vision(folder.resolve("a")));

    assertEquals(
        "still.json: initializer_range expected 0.0001 to 1, got 1.0E-10; leave it out for 0.02",
        refused.getMessage());
  }

  @Test
  void folderWithAModel_isRefused() throws IOException {
    var part = new DrawnPart(Small.tower(folder, "blip_2_vision_model"), 1);
    part.vision(folder.resolve("a"));

    var refused = assertThrows(CheckpointException.class, () -> part.vision(folder.resolve("a")));

    assertEquals(
        folder.resolve("a")
            + ": folder expected without a model, got one with a config.json; name another",
        refused.getMessage());
  }

  @Test
  void smallerVocabularyThanTheTokenizers_isRefused() throws IOException {
    Path config =
        Files.writeString(
            folder.resolve("few.json"), Small.LANGUAGE.replace("{", "{\"vocab_size\": 9,"));

    var refused =
        assertThrows(
            CheckpointException.class,
            () -> new DrawnPart(config, 1).language(Small.LANGUAGE_WORDS, folder.resolve("a")));

    assertTrue(
        String.valueOf(refused.getMessage())
            .contains("vocab_size expected at least the tokenizer's"));
  }

  @Test
  void encoderOfLavisAlone_hasNoFolderOfItsOwn() throws IOException {
    Path config = Small.tower(folder, "clip_vit_l");

    assertThrows(
        CheckpointException.class, () -> new DrawnPart(config, 1).vision(folder.resolve("a")));
  }

  @Test
  void decoderExpected_encoderIsNamed() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"t5\"}");

    var refused = assertThrows(CheckpointException.class, () -> LanguagePart.load(folder, home));

    assertTrue(String.valueOf(refused.getMessage()).contains("decoder"));
  }
}
