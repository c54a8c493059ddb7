package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.ConversionTest;
import io.github.blip2j.blip2.checkpoint.files.InstructionTokenizerFolder;
import io.github.blip2j.blip2.checkpoint.files.PlainLanguage;
import io.github.blip2j.blip2.checkpoint.lavis.Blip2Parts;
import io.github.blip2j.blip2.checkpoint.lavis.KeyBias;
import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.blip2.inference.LavisGenerationConfigs;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.t5.T5Config;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An InstructBLIP as LAVIS stores it: what was trained, over a tower, a T5 and a BERT. */
final class InstructBlipPartsTest {
  private static final Path WHOLE = InstructFolder.OWN;
  private static final Path BERT = WHOLE.resolve(InstructFolder.TOKENIZER);
  private static final String HEADS = "{\"vision_heads\": 4, \"bert_heads\": 3}";
  private static final String EMBEDDINGS = "Qformer.bert.embeddings.";
  private static final double LOGITS = 2e-4;
  private static final double LOSS = 1e-5;

  @TempDir private static Path shared;
  private static Path trained;
  private static Path language;

  @TempDir private Path folder;

  @BeforeAll
  static void write() throws IOException {
    Files.writeString(shared.resolve("model.json"), HEADS);
    trained = shared.resolve("instruct.pth");
    Conversion.toLavisTrained(WHOLE, trained);
    language = PlainLanguage.write(WHOLE, shared.resolve("t5"));
  }

  @Test
  void load_parts_writeWhatTheReferenceDoes() throws IOException {
    List<Image> images = Blip2Folder.images(WHOLE);
    int compared = 0;
    try (var lavis = Blip2.load(parts(), Precision.FLOAT32);
        var golden = Golden.open(WHOLE)) {
      Blip2 sameEpsilon = lavis.withConvention(Convention.HF);
      for (DecodingCase each : InstructFolder.cases(WHOLE)) {
        InstructBlipDecodingParityTest.assertWrites(sameEpsilon, golden, images, each);
        compared++;
      }
    }
    assertTrue(compared >= 7, "compared " + compared);
  }

  @Test
  void load_parts_scoreAnswersAsTheReferenceDoes() throws IOException {
    try (var lavis = Blip2.load(parts(), Precision.FLOAT32);
        var golden = Golden.open(WHOLE);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Blip2 sameEpsilon = lavis.withConvention(Convention.HF);
      TextBatch read = sameEpsilon.instructions(InstructFolder.prompts(WHOLE));

      Tensor logits = InstructBlipParityTest.logits(sameEpsilon.model(), golden, read);

      golden.assertClose("train.logits", logits, LOGITS);
      double loss = TokenLoss.ofSameToken().of(logits, golden.get("train.labels")).item();
      assertEquals(1, loss / InstructFolder.trainLoss(WHOLE), LOSS);
    }
  }

  @Test
  void load_checkpointWithItsTower_isTheSame() throws IOException {
    Files.writeString(folder.resolve("model.json"), HEADS);
    Path whole = folder.resolve("whole.pth");
    Conversion.toLavis(WHOLE, whole, KeyBias.KEEP);

    try (var lavis = Blip2.load(Blip2Parts.of(whole, language).withBert(BERT), Precision.FLOAT32);
        var expected = Blip2.load(parts(), Precision.FLOAT32)) {
      Image image = Blip2Folder.images(WHOLE).get(0);
      String prompt = "describe the picture";
      assertEquals(
          expected.generate(image, prompt, expected.captionConfig()).get(0).tokenIds(),
          lavis.generate(image, prompt, lavis.captionConfig()).get(0).tokenIds());
    }
  }

  @Test
  void load_bertOfAnInstructBlipOrBesideTheCheckpoint_isTheSame() throws IOException {
    Path beside = Files.copy(trained, folder.resolve("instruct.pth"));
    Files.writeString(folder.resolve("model.json"), HEADS);
    InstructionTokenizerFolder.copy(BERT, folder);
    Blip2Parts unnamed = Blip2Parts.of(beside, language).withVision(WHOLE);

    for (Blip2Parts each : List.of(parts().withBert(WHOLE), unnamed)) {
      try (var lavis = Blip2.load(each, Precision.FLOAT32);
          var expected = Blip2.load(parts(), Precision.FLOAT32);
          var scope = Scope.open()) {
        List<String> prompts = List.of("what color is the ring?");
        assertArrayEquals(
            expected.instructions(prompts).ids().toLongs(),
            lavis.instructions(prompts).ids().toLongs());
      }
    }
  }

  @Test
  void load_parts_runAsLavis() throws IOException {
    try (var lavis = Blip2.load(parts(), Precision.FLOAT32);
        var scope = Scope.open()) {
      assertEquals(Convention.LAVIS, lavis.convention());
      assertEquals(1e-5, lavis.model().config().visionNormEps());
      assertEquals(LavisGenerationConfigs.instruction(T5Config.flanT5Xl()), lavis.captionConfig());
      assertEquals(
          LavisGenerationConfigs.instructionAnswer(T5Config.flanT5Xl()), lavis.answerConfig());
      assertEquals("Question: why Short answer:", lavis.questions().ask("Why:"));
      // No more than the Q-Former has positions for, without the beginning.
      TextBatch cut = lavis.instructions(List.of("a ".repeat(9) + "?".repeat(61) + "!"));
      TextBatch whole = lavis.instructions(List.of("?".repeat(61) + "!"));
      assertArrayEquals(whole.ids().toLongs(), cut.ids().toLongs());
    }
  }

  @Test
  void load_closed_givesAllMemoryAndFilesBack() throws IOException {
    long before = TensorMemory.usedBytes();

    Blip2.load(parts(), Precision.BFLOAT16).close();

    assertEquals(before, TensorMemory.usedBytes());
    assertEquals(List.of(), Fixture.openFiles(shared));
  }

  @Test
  void toHuggingFace_parts_makeTheFolderByteForByte() throws IOException {
    Path out = folder.resolve("hf");

    Conversion.toHuggingFace(parts(), out);

    Map<String, String> expected = ConversionTest.tensors(WHOLE);
    Map<String, String> written = ConversionTest.tensors(out);
    assertEquals(expected.keySet(), written.keySet());
    expected.forEach((name, bytes) -> assertEquals(bytes, written.get(name), name));
    assertDescribed(out);
    try (var whole = Blip2.load(out);
        var golden = Golden.open(WHOLE)) {
      InstructBlipDecodingParityTest.assertWrites(
          whole, golden, Blip2Folder.images(WHOLE), InstructFolder.cases(WHOLE).get(0));
    }
  }

  private static void assertDescribed(Path out) throws IOException {
    ConfigJson config = ConfigJson.read(out.resolve(Fixture.CONFIG));
    assertEquals("instructblip", config.stringAt("model_type"));
    assertEquals(
        List.of("InstructBlipForConditionalGeneration"), config.stringsAt("architectures"));
    assertEquals(137, config.intAt("image_token_index"));
    assertEquals("instructblip_qformer", config.child("qformer_config").stringAt("model_type"));
    assertEquals("instructblip_vision_model", config.child("vision_config").stringAt("model_type"));
    assertEquals(
        "InstructBlipProcessor",
        ConfigJson.read(out.resolve("processor_config.json")).stringAt("processor_class"));
    assertEquals(
        Blip2Config.fromJson(ConfigJson.read(WHOLE.resolve(Fixture.CONFIG))).qformer(),
        Blip2Config.fromJson(config).qformer());
  }

  @Test
  void load_noBert_asksForOne() throws IOException {
    assertRefused(
        Blip2Parts.of(trained, language).withVision(WHOLE),
        trained
            + ": tokenizer.json of the Q-Former's BERT expected, got none; name a folder of"
            + " bert-base-uncased, or of an InstructBLIP");
  }

  @Test
  void load_bertThatIsNotThere_isRefused() throws IOException {
    Path gone = folder.resolve("bert");

    assertRefused(
        parts().withBert(gone),
        gone
            + ": tokenizer.json of the Q-Former's BERT expected, got none; name a folder of"
            + " bert-base-uncased, or of an InstructBLIP");
  }

  @Test
  void load_tokenizerOfALargerBert_isRefused() throws IOException {
    Path larger = Fixtures.own("lavis-stage1");

    assertRefused(
        parts().withBert(larger),
        "tokenizer.json: largest token id expected below the model's vocabulary of 251, got 251;"
            + " use the tokenizer that came with the model");
  }

  @Test
  void load_textSideWithoutItsFeedForwards_namesThem() throws IOException {
    Path damaged =
        changed(
            tensors -> {
              tensors.keySet().removeIf(name -> name.contains(".intermediate.dense.weight"));
              return tensors;
            });

    assertRefused(
        Blip2Parts.of(damaged, language).withVision(WHOLE).withBert(BERT),
        String.format(
                Locale.ROOT,
                "%s and %s and %s: tensors expected to fit the configuration, got 4 missing",
                language,
                WHOLE,
                damaged)
            + IntStream.range(0, 4)
                .mapToObj(
                    i ->
                        String.format(
                            Locale.ROOT,
                            "qformer.layers.%1$d.textMlp.up.weight (looked for as"
                                + " Qformer.bert.encoder.layer.%1$d.intermediate.dense.weight)",
                            i))
                .collect(Collectors.joining(", ", " (", ")")));
  }

  @Test
  void load_bertBesideAPlainBlip2_isRefused() throws IOException {
    Path t5 = Fixtures.own("hf-t5");
    Path plain = folder.resolve("t5.pth");
    Conversion.toLavisTrained(t5, plain);

    assertRefused(
        Blip2Parts.of(plain, PlainLanguage.write(t5, folder.resolve("words")))
            .withVision(t5)
            .withBert(BERT),
        plain
            + ": Q-Former expected to take the instruction where a BERT is named, got one that "
            + "takes queries only; leave the BERT out");
  }

  @Test
  void load_withoutItsWords_isNoInstructBlip() throws IOException {
    Path wordless =
        changed(
            tensors -> {
              tensors.remove(EMBEDDINGS + "word_embeddings.weight");
              return tensors;
            });

    assertRefused(
        Blip2Parts.of(wordless, language).withVision(WHOLE).withBert(BERT),
        wordless
            + ": Q-Former expected to take the instruction where a BERT is named, got one that "
            + "takes queries only; leave the BERT out");
  }

  @Test
  void load_overAnOpt_isRefused() throws IOException {
    Path opt = LavisPartFiles.language(folder.resolve("opt"));

    assertRefused(
        Blip2Parts.of(trained, opt).withVision(WHOLE).withBert(BERT),
        String.format(
            Locale.ROOT,
            "%s: opt_proj expected for the language model in %s, got t5_proj; %s",
            trained,
            opt,
            "name the language model that the checkpoint was trained with"));
  }

  @Test
  void load_trainedWithAnotherLanguageModel_isRefused() throws IOException {
    Path vicuna =
        changed(
            tensors -> {
              for (String end : List.of("weight", "bias")) {
                LavisPartFiles.rename(tensors, "t5_proj." + end, "llm_proj." + end);
              }
              return tensors;
            });

    assertRefused(
        Blip2Parts.of(vicuna, language).withVision(WHOLE).withBert(BERT),
        String.format(
                Locale.ROOT,
                "%s: t5_proj expected for the language model in %s, got llm_proj; name the language",
                vicuna,
                language)
            + " model that the checkpoint was trained with");
  }

  private Path changed(UnaryOperator<Map<String, LavisPartFiles.Stored>> change)
      throws IOException {
    Files.writeString(folder.resolve("model.json"), HEADS);
    return LavisPartFiles.write(
        folder.resolve("changed.pth"), change.apply(LavisPartFiles.read(trained)));
  }

  @Test
  void toHuggingFace_overTheBertThatItReadsWith_isRefused() throws IOException {
    Path bert = Files.createDirectory(folder.resolve("bert"));

    var thrown =
        assertThrows(
            IllegalArgumentException.class,
            () -> Conversion.toHuggingFace(parts().withBert(bert), bert));

    assertEquals(
        bert + ": target expected to be none of the inputs, got one of them; name another",
        thrown.getMessage());
  }

  private static Blip2Parts parts() {
    return Blip2Parts.of(trained, language).withVision(WHOLE).withBert(BERT);
  }

  private void assertRefused(Blip2Parts parts, String message) throws IOException {
    long used = TensorMemory.usedBytes();

    var thrown =
        assertThrows(CheckpointException.class, () -> Blip2.load(parts, Precision.FLOAT32));

    assertEquals(message, thrown.getMessage());
    assertEquals(used, TensorMemory.usedBytes(), "off-heap memory");
    assertEquals(List.of(), Fixture.openFiles(shared), "open files");
    assertEquals(List.of(), Fixture.openFiles(folder), "open files");
  }
}
