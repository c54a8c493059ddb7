package io.github.blip2j.blip2.checkpoint.lavis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.DecodingCase;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.blip2.LavisPartFiles;
import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.ConversionTest;
import io.github.blip2j.blip2.checkpoint.files.PlainLanguage;
import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.blip2.inference.GenerationSession;
import io.github.blip2j.blip2.inference.LavisGenerationConfigs;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A second stage of LAVIS, put together from its parts. */
final class Blip2PartsTest {
  private static final String LAYER = "Qformer.bert.encoder.layer.0.";

  @TempDir private static Path shared;
  private static Path trained;
  private static Path tower;
  private static Path language;

  @TempDir private Path folder;

  @BeforeAll
  static void write() throws IOException {
    trained = LavisPartFiles.trained(shared.resolve("trained"));
    tower = LavisPartFiles.tower(shared.resolve("tower"));
    language = LavisPartFiles.language(shared.resolve("language"));
  }

  @Test
  void load_partsOfAFolder_decodeAsTheFolder() throws IOException {
    assertDecodesAsTheFolder(Blip2Parts.of(trained, language).withVision(tower));
  }

  @Test
  void load_towerOfAFolderOrOfTheCheckpoint_isTheSame() throws IOException {
    assertDecodesAsTheFolder(Blip2Parts.of(trained, language).withVision(Fixture.HF_OPT));
    assertDecodesAsTheFolder(Blip2Parts.of(LavisPartFiles.fineTuned(folder), language));
  }

  @Test
  void load_checkpointWithItsLanguageModel_prefersIt() throws IOException {
    assertDecodesAsTheFolder(Blip2Parts.of(LavisPartFiles.whole(folder), language));
  }

  @Test
  void load_partsOfT5_writeAsTheFolder() throws IOException {
    Path t5 = Fixtures.own("hf-t5");
    ConfigJson config = ConfigJson.read(t5.resolve("config.json"));
    Files.writeString(
        folder.resolve("model.json"),
        String.format(
            Locale.ROOT,
            "{\"vision_heads\": %d, \"bert_heads\": %d}",
            config.child("vision_config").intAt("num_attention_heads"),
            config.child("qformer_config").intAt("num_attention_heads")));
    Path checkpoint = folder.resolve("t5.pth");
    Conversion.toLavisTrained(t5, checkpoint);
    Path words = PlainLanguage.write(t5, folder.resolve("words"));
    Blip2Parts parts = Blip2Parts.of(checkpoint, words).withVision(t5);

    try (var whole = Blip2.load(t5);
        var lavis = Blip2.load(parts, Precision.FLOAT32)) {
      for (GenerationConfig decoding :
          List.of(GenerationConfig.greedy(), GenerationConfig.beams(3))) {
        for (Path picture : Fixture.pictures()) {
          assertEquals(
              whole.generate(whole.read(picture), "a photo of", decoding).get(0).tokenIds(),
              lavis
                  .withConvention(Convention.HF)
                  .generate(
                      lavis.withConvention(Convention.HF).read(picture), "a photo of", decoding)
                  .get(0)
                  .tokenIds());
        }
      }
      assertEquals(
          LavisGenerationConfigs.answer(whole.model().config().text()), lavis.answerConfig());
      assertEquals("Question: {} Short answer:", lavis.questions().template());
    }
    Conversion.toHuggingFace(parts, folder.resolve("hf"));
    assertSameTensors(t5, folder.resolve("hf"));
  }

  /** Every case without penalties on ids, of which LAVIS sees others. */
  private static void assertDecodesAsTheFolder(Blip2Parts parts) throws IOException {
    List<Image> images = Blip2Folder.images(Fixture.HF_OPT);
    int compared = 0;
    try (var loaded = GenerationSession.load(parts, Precision.FLOAT32);
        var folder = GenerationSession.load(Fixture.HF_OPT, Precision.FLOAT32)) {
      assertEquals(Convention.LAVIS, loaded.convention());
      GenerationSession sameEpsilon = loaded.withConvention(Convention.HF);
      for (DecodingCase each : DecodingCase.of(Fixture.HF_OPT)) {
        boolean seesIds =
            each.args().has("repetition_penalty") || each.args().has("no_repeat_ngram_size");
        if (!seesIds) {
          assertEquals(
              decode(folder, images, each).toString(),
              decode(sameEpsilon, images, each).toString(),
              each.name());
          compared++;
        }
      }
    }
    assertTrue(compared > 8, "compared " + compared);
  }

  /** Tokens of every sequence; scores of float32 differ in a bit where a zero was added. */
  private static List<List<Integer>> decode(
      GenerationSession loaded, List<Image> images, DecodingCase each) {
    List<Image> asked = each.images().stream().map(images::get).toList();
    List<int[]> ids = Blip2Folder.promptIds(loaded, each.prompts(), asked.size());
    GenerationConfig decoding = each.decoding(Blip2Folder.promptLength(loaded, ids));
    return Blip2Folder.decode(loaded, asked, ids, decoding, each.endIds(new int[] {2})).stream()
        .flatMap(List::stream)
        .map(Blip2PartsTest::tokens)
        .toList();
  }

  private static List<Integer> tokens(Sequence sequence) {
    return Arrays.stream(sequence.tokens()).boxed().toList();
  }

  @Test
  void load_asLavis_endsTextsWithALine() throws IOException {
    try (var loaded = GenerationSession.load(parts(), Precision.FLOAT32)) {
      assertArrayEquals(loaded.tokenizer().encodePlain("\n"), loaded.endIds());
      assertNull(loaded.model().config().imageTokenId());
    }
  }

  @Test
  void load_halves_captionsTheSame() throws IOException {
    Path half = LavisPartFiles.trained(folder, LavisPartFiles::inHalf);

    try (var blip2 =
            Blip2.load(Blip2Parts.of(half, language).withVision(tower), Precision.FLOAT32);
        var whole = Blip2.load(parts(), Precision.FLOAT32)) {
      for (Path picture : Fixture.pictures()) {
        assertEquals(whole.caption(whole.read(picture)), blip2.caption(blip2.read(picture)));
      }
      GenerationConfig threeWords = GenerationConfig.greedy().maxNewTokens(3);
      assertEquals(
          "a red circle",
          blip2.generate(blip2.read(Fixture.pictures().get(0)), "", threeWords).get(0).text());
    }
  }

  @Test
  void load_languageModelInTorchShards_isTheSame() throws IOException {
    LavisPartFiles.language(folder);
    LavisPartFiles.shardTorch(folder);

    assertDecodesAsTheFolder(Blip2Parts.of(trained, folder).withVision(tower));
  }

  @Test
  void load_folderInTorchShards_captionsTheSame() throws IOException {
    Fixture.copyTo(folder);
    LavisPartFiles.shardTorch(folder);

    try (var torch = Blip2.load(folder);
        var safetensors = Blip2.load(Fixture.HF_OPT)) {
      for (Path picture : Fixture.pictures()) {
        GenerationConfig decoding = GenerationConfig.beams(3);
        assertEquals(
            safetensors.generate(safetensors.read(picture), "", decoding),
            torch.generate(torch.read(picture), "", decoding));
      }
    }
  }

  @Test
  void load_picturesOfAnotherSize_interpolatesPositions() throws IOException {
    try (var blip2 = Blip2.load(parts().withImageSize(64), Precision.FLOAT32)) {
      assertEquals(64, blip2.model().config().vision().imageSize());
      assertTrue(!blip2.caption(blip2.read(Fixture.pictures().get(0))).isBlank());
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
  void load_noTower_asksForOne() throws IOException {
    assertRefused(
        Blip2Parts.of(trained, language),
        trained
            + ": vision encoder expected, got the trained part alone; name its file, such as"
            + " eva_vit_g.pth, or a BLIP-2 that has it");
  }

  @Test
  void load_towerFromAFileWithoutOne_isRefused() throws IOException {
    assertRefused(
        Blip2Parts.of(trained, language).withVision(trained),
        trained
            + ": vision encoder expected, got a file without one; name its file, such as"
            + " eva_vit_g.pth, or a BLIP-2 that has it");
  }

  @Test
  void load_languageModelOfTheOtherKind_isRefused() throws IOException {
    Path t5 = LavisPartFiles.language(folder.resolve("t5"));
    Fixture.editJson(t5.resolve("config.json"), json -> json.addProperty("model_type", "t5"));
    assertRefused(
        Blip2Parts.of(trained, t5).withVision(tower),
        String.format(
            Locale.ROOT,
            "%s: t5_proj expected for the language model in %s, got opt_proj; %s",
            trained,
            t5,
            "name the language model that the checkpoint was trained with"));

    Path ofT5 =
        LavisPartFiles.trained(
            folder,
            tensors -> {
              LavisPartFiles.rename(tensors, "opt_proj.weight", "t5_proj.weight");
              LavisPartFiles.rename(tensors, "opt_proj.bias", "t5_proj.bias");
              return tensors;
            });
    assertRefused(
        Blip2Parts.of(ofT5, language).withVision(tower),
        String.format(
            Locale.ROOT,
            "%s: opt_proj expected for the language model in %s, got t5_proj; %s",
            ofT5,
            language,
            "name the language model that the checkpoint was trained with"));
  }

  @Test
  void load_firstStage_isRefused() throws IOException {
    Path first = Fixtures.own("lavis-stage1").resolve("checkpoint.pth");

    assertRefused(
        Blip2Parts.of(first, language),
        String.format(
            Locale.ROOT,
            "%s: opt_proj expected for the language model in %s, got none; %s",
            first,
            language,
            "a file of the first stage has no language model"));
  }

  @Test
  void load_instructBlipWithOpt_isRefused() throws IOException {
    Path instruct =
        LavisPartFiles.trained(
            folder,
            tensors -> {
              LavisPartFiles.Stored any = Objects.requireNonNull(tensors.get("opt_proj.bias"));
              tensors.put("Qformer.bert.embeddings.word_embeddings.weight", any);
              return tensors;
            });

    assertRefused(
        Blip2Parts.of(instruct, language).withVision(tower),
        instruct
            + ": Q-Former expected to take queries only with opt_proj, got one that takes the "
            + "instruction too; LAVIS has InstructBLIP with T5 and Vicuna only");
  }

  @Test
  void load_tensorsMissingAndUnused_areAllNamed() throws IOException {
    Path damaged =
        LavisPartFiles.trained(
            folder,
            tensors -> {
              LavisPartFiles.rename(tensors, LAYER + "attention.self.key.bias", "something.else");
              tensors.remove("ln_vision.weight");
              return tensors;
            });

    assertRefused(
        Blip2Parts.of(damaged, language).withVision(tower),
        String.format(
                Locale.ROOT,
                "%s and %s and %s: tensors expected to fit the configuration, got 2 missing",
                language,
                tower,
                damaged)
            + " (visionNorm.weight (looked for as ln_vision.weight), qformer.layers.0.attention.key.bias"
            + " (looked for as Qformer.bert.encoder.layer.0.attention.self.key.bias)), 1 unused"
            + " (something.else)");
  }

  @Test
  void load_folderWithoutACheckpoint_isRefused() throws IOException {
    assertRefused(
        Blip2Parts.of(Fixture.HF_OPT, language),
        Fixture.HF_OPT
            + ": checkpoint of LAVIS (.pth) expected, got a folder without one; a folder of Hugging"
            + " Face is loaded as it is");
  }

  @Test
  void imageSize_ofNone_isRefused() {
    assertEquals(
        "parts: imageSize expected at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> parts().withImageSize(0)).getMessage());
  }

  @Test
  void toHuggingFace_parts_makeTheFolderByteForByte() throws IOException {
    for (Path vision : List.of(tower, Fixture.HF_OPT, LavisPartFiles.whole(folder))) {
      Path out = folder.resolve("hf");

      Conversion.toHuggingFace(Blip2Parts.of(trained, language).withVision(vision), out);

      assertSameTensors(Fixture.HF_OPT, out);
      try (var folder = Blip2.load(out)) {
        assertEquals(Convention.HF, folder.convention());
        assertTrue(
            folder.caption(folder.read(Fixture.pictures().get(0))).startsWith("a red circle"));
      }
    }
  }

  @Test
  void toHuggingFace_overOneOfTheParts_isRefused() throws IOException {
    Path words = LavisPartFiles.language(folder.resolve("words"));
    Map<String, String> before = ConversionTest.tensors(words);

    var thrown =
        assertThrows(
            IllegalArgumentException.class,
            () -> Conversion.toHuggingFace(Blip2Parts.of(trained, words).withVision(tower), words));

    assertEquals(
        words + ": target expected to be none of the inputs, got one of them; name another",
        thrown.getMessage());
    assertEquals(before, ConversionTest.tensors(words));
  }

  @Test
  void toHuggingFace_parts_describesTheModel() throws IOException {
    Conversion.toHuggingFace(parts(), folder);

    ConfigJson config = ConfigJson.read(folder.resolve("config.json"));
    assertEquals(List.of("Blip2ForConditionalGeneration"), config.stringsAt("architectures"));
    assertEquals(8, config.intAt("num_query_tokens"));
    assertEquals(420, config.intAt("image_token_index"));
    assertEquals(3, config.child("vision_config").intAt("num_hidden_layers"));
    assertEquals(202, config.child("text_config").intAt("eos_token_id"));
    assertEquals(
        48,
        ConfigJson.read(folder.resolve("preprocessor_config.json")).child("size").intAt("height"));
    assertTrue(Files.exists(folder.resolve("tokenizer.json")));
  }

  @Test
  void toLavisTrained_folder_isWhatLavisStores() throws IOException {
    Path written = folder.resolve("trained.pth");

    Conversion.toLavisTrained(Fixture.HF_OPT, written);

    assertSameTensors(trained, written);
  }

  @Test
  void toLavisTrained_firstStage_isRefused() {
    Path first = Fixtures.own("hf-itm");

    var thrown =
        assertThrows(
            CheckpointException.class,
            () -> Conversion.toLavisTrained(first, folder.resolve("a.pth")));

    assertEquals(
        first + ": language_projection.weight expected, got none; is it of the second stage?",
        thrown.getMessage());
  }

  private static void assertSameTensors(Path expected, Path actual) throws IOException {
    Map<String, String> all = ConversionTest.tensors(actual);
    Map<String, String> wanted = ConversionTest.tensors(expected);
    assertEquals(wanted.keySet(), all.keySet());
    wanted.forEach((name, bytes) -> assertEquals(bytes, all.get(name), name));
  }

  private static Blip2Parts parts() {
    return Blip2Parts.of(trained, language).withVision(tower);
  }

  private void assertRefused(Blip2Parts parts, String message) throws IOException {
    long used = TensorMemory.usedBytes();

    var thrown =
        assertThrows(CheckpointException.class, () -> Blip2.load(parts, Precision.FLOAT32));

    assertEquals(message, thrown.getMessage());
    assertEquals(used, TensorMemory.usedBytes(), "off-heap memory");
    assertEquals(List.of(), Fixture.openFiles(shared), "open files");
  }
}
