package io.github.blip2j.pretraining;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.blip2.InstructFolder;
import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.files.PlainLanguage;
import io.github.blip2j.blip2.checkpoint.lavis.Blip2Parts;
import io.github.blip2j.blip2.inference.GenerationSession;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A second stage from a first and a plain language model, and what is written of it. */
final class StageTwoPartsTest {
  private static final Path LAVIS = Fixtures.own("lavis-stage1");
  private static final Path HF_ITM = Fixtures.own("hf-itm");

  private static final String EPS = "post_layernorm_eps";

  private final Path folder;
  private final Scope home = Scope.detached();

  StageTwoPartsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void load_stageOneOfLavis_takesItsQFormerAndDrawsTheProjection() throws IOException {
    StageTwoModel model = load(LAVIS, 1);
    Blip2RetrievalModel first = RetrievalLoader.load(LAVIS, home);

    assertAlike(first, "queries", model, "queryTokens");
    assertAlike(first, "visionNorm.weight", model, "visionNorm.weight");
    assertAlike(first, "vision.positions", model, "vision.positions");
    for (String name : model.parameters().keySet()) {
      if (name.startsWith("qformer.")) {
        assertAlike(first, name, model, name);
      }
    }
    float[] drawn = values(model, "projection.weight");
    double bound = 1 / Math.sqrt(model.blip2().config().qformer().dim());
    for (float each : drawn) {
      assertTrue(Math.abs(each) <= bound);
    }
    assertArrayEquals(drawn, values(load(LAVIS, 1), "projection.weight"));
    assertFalse(Arrays.equals(drawn, values(load(LAVIS, 2), "projection.weight")));
  }

  @Test
  void load_stageOneOfHuggingFace_takesItsTower() throws IOException {
    StageTwoModel model = load(HF_ITM, 1);

    Blip2RetrievalModel first = RetrievalLoader.load(HF_ITM, home);
    assertAlike(
        first,
        "vision.layers.1.attention.key.weight",
        model,
        "vision.layers.1.attention.key.weight");
    assertAlike(first, "queries", model, "queryTokens");
    assertEquals(424, model.blip2().language().vocabSize());
  }

  @ParameterizedTest
  @MethodSource("firstStages")
  void load_eitherStageOne_normsTheImageAsItDoes(Path stageOne) throws IOException {
    StageTwoModel model = load(stageOne, 1);

    Blip2RetrievalModel first = RetrievalLoader.load(stageOne, home);
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      Tensor pixels = model.processor().tensor(Fixture.images());
      Tensor seen = first.qformer().patches(first.encodeImage(pixels, ForwardPass.evaluation()));
      assertArrayEquals(
          seen.toFloats(), model.blip2().encodeImage(pixels, ForwardPass.evaluation()).toFloats());
    }
    double expected = stageOne.equals(LAVIS) ? 1e-5 : 1e-6;
    assertEquals(expected, model.blip2().config().visionNormEps());
  }

  @ParameterizedTest
  @MethodSource("firstStages")
  void toLavis_fromEitherStageOne_computesTheSame(Path stageOne) throws IOException {
    StageTwoModel model = load(stageOne, 1);
    touch(model);

    Path file = new StageTwoExport(model).toLavis(folder.resolve("lavis"));

    Path language = folder.resolve("opt");
    Blip2Parts parts = Blip2Parts.of(file, language).withVision(tower(stageOne));
    try (GenerationSession again = GenerationSession.load(parts, Precision.FLOAT32)) {
      assertSamePrompt(model, again);
    }
    Conversion.toHuggingFace(parts, folder.resolve("hf"));
    try (GenerationSession again =
        GenerationSession.load(folder.resolve("hf"), Precision.FLOAT32)) {
      assertSamePrompt(model, again);
    }
  }

  @Test
  void export_ofAProjectionThatWasDrawnAndNotTrained_hasIt() throws IOException {
    StageTwoModel model = load(LAVIS, 1);
    model.parameters().values().stream()
        .filter(each -> each.name().startsWith("projection."))
        .forEach(Parameter::freeze);

    new StageTwoExport(model).toHuggingFace(folder.resolve("hf"));

    try (GenerationSession again =
        GenerationSession.load(folder.resolve("hf"), Precision.FLOAT32)) {
      assertSamePrompt(model, again);
    }
  }

  @ParameterizedTest
  @MethodSource("firstStages")
  void toHuggingFace_fromEitherStageOne_computesTheSame(Path stageOne) throws IOException {
    StageTwoModel model = load(stageOne, 1);
    touch(model);
    Path hf = folder.resolve("hf");

    new StageTwoExport(model).toHuggingFace(hf);

    try (GenerationSession again = GenerationSession.load(hf, Precision.FLOAT32)) {
      assertEquals(Convention.HF, again.convention());
      assertSamePrompt(model, again);
    }
    boolean own = ConfigJson.read(hf.resolve("config.json")).child("vision_config").has(EPS);
    assertEquals(stageOne.equals(LAVIS), own, "Hugging Face's epsilon is not told");
  }

  static Stream<Path> firstStages() {
    return Stream.of(LAVIS, HF_ITM);
  }

  private static Path tower(Path stageOne) {
    return stageOne.equals(LAVIS) ? stageOne.resolve("checkpoint.pth") : stageOne;
  }

  @Test
  void toHuggingFace_afterATouch_isTheModelAgain() throws IOException {
    StageTwoModel model = load(LAVIS, 1);
    touch(model);
    Path hf = folder.resolve("hf");

    new StageTwoExport(model).toHuggingFace(hf);

    StageTwoModel again = StageTwoModel.load(hf, home, StageTwoSetup.lavis());
    for (Parameter each : model.parameters().values()) {
      assertArrayEquals(each.value().toFloats(), values(again, each.name()), each.name());
    }
    assertSamePrompt(model, again);
    try (Blip2 blip2 = Blip2.load(hf)) {
      blip2.caption(blip2.read(Fixture.pictures().get(0)));
    }
  }

  @Test
  void toHuggingFace_ofAFolder_changesNothingButWhatLearns() throws IOException {
    StageTwoModel model =
        StageTwoModel.load(
            Fixture.HF_OPT, home, StageTwoSetup.lavis().withFrozenPrecision(Precision.INT8));
    touch(model);
    Path hf = folder.resolve("hf");

    new StageTwoExport(model).toHuggingFace(hf);

    int changed = 0;
    try (Checkpoint before = Checkpoint.open(Fixture.HF_OPT);
        Checkpoint after = Checkpoint.open(hf)) {
      assertEquals(before.tensors().keySet(), after.tensors().keySet());
      for (String name : after.tensors().keySet()) {
        boolean learns = !name.startsWith("vision_model.e") && !name.startsWith("language_model");
        boolean same = bytes(before, name).equals(bytes(after, name));
        assertTrue(learns || same, name);
        changed += same ? 0 : 1;
      }
    }
    assertEquals(1, changed, "the touched queries");
  }

  @Test
  void toHuggingFace_whereAFileCannotBeReplaced_changesNothing() throws IOException {
    StageTwoModel model = StageTwoModel.load(Fixture.HF_OPT, home, StageTwoSetup.lavis());
    Path hf = folder.resolve("hf");
    new StageTwoExport(model).toHuggingFace(hf);
    Path config = hf.resolve("config.json");
    String old = Files.readString(config) + "\n"; // as of another model
    Files.writeString(config, old);
    byte[] weights = Files.readAllBytes(hf.resolve("model.safetensors"));
    Files.delete(hf.resolve("tokenizer.json"));
    Files.createDirectory(hf.resolve("tokenizer.json"));
    touch(model);

    assertThrows(IOException.class, () -> new StageTwoExport(model).toHuggingFace(hf));

    assertEquals(old, Files.readString(config));
    assertArrayEquals(weights, Files.readAllBytes(hf.resolve("model.safetensors")));
    Files.delete(hf.resolve("tokenizer.json"));
    new StageTwoExport(model).toHuggingFace(hf);
    assertEquals(Blip2Config.fromJson(ConfigJson.read(config)), model.blip2().config());
  }

  @Test
  void toHuggingFace_withATowerThatItLacks_isRefusedAndWritesNothing() throws IOException {
    var export = new StageTwoExport(load(Fixtures.own("lavis-stage1-clip"), 1));
    Path hf = folder.resolve("hf");

    for (Executable tried :
        List.<Executable>of(export::requireHuggingFace, () -> export.toHuggingFace(hf))) {
      var e = assertThrows(CheckpointException.class, tried);
      assertEquals(
          "export: vision encoder expected to be EVA's, the one Hugging Face's BLIP-2 has, got CLIP;"
              + " export for LAVIS, or to a folder of this library (toFolder, --export blip2j)",
          e.getMessage());
    }
    assertFalse(Files.exists(hf));
  }

  @Test
  void toLavis_whatLearns_hasItsNames() throws IOException {
    StageTwoModel model = StageTwoModel.load(Fixture.HF_OPT, home, StageTwoSetup.lavis());

    Path file = new StageTwoExport(model).toLavis(folder.resolve("lavis"));

    try (Checkpoint written = Checkpoint.open(file)) {
      for (String name : written.tensors().keySet()) {
        assertTrue(
            name.startsWith("Qformer.bert.")
                || name.startsWith("opt_proj.")
                || name.startsWith("ln_vision.")
                || name.equals("query_tokens"),
            name);
      }
      assertTrue(written.tensors().containsKey("opt_proj.weight"));
      assertTrue(
          written
              .tensors()
              .containsKey("Qformer.bert.encoder.layer.0.crossattention.self.query.weight"));
      assertEquals(
          model.parameters().values().stream().filter(Parameter::isTrained).count(),
          written.tensors().size());
    }
  }

  @Test
  void toHuggingFace_ofAnInstructBlip_changesNothingButWhatLearns() throws IOException {
    StageTwoModel model =
        StageTwoModel.load(
            InstructFolder.OWN, home, StageTwoSetup.lavis().withFrozenPrecision(Precision.INT8));
    touch(model);
    Path hf = folder.resolve("hf");

    new StageTwoExport(model).toHuggingFace(hf);

    try (Checkpoint before = Checkpoint.open(InstructFolder.OWN);
        Checkpoint after = Checkpoint.open(hf)) {
      assertEquals(before.tensors().keySet(), after.tensors().keySet());
      for (String name : after.tensors().keySet()) {
        boolean same = bytes(before, name).equals(bytes(after, name));
        assertEquals(!name.equals("query_tokens"), same, name);
      }
    }
    StageTwoModel again = StageTwoModel.load(hf, home, StageTwoSetup.lavis());
    assertArrayEquals(values(model, "queryTokens"), values(again, "queryTokens"));
    try (Blip2 blip2 = Blip2.load(hf);
        Scope scope = Scope.open()) {
      assertEquals(2, blip2.instructions(List.of("")).length());
    }
  }

  @Test
  void toLavis_ofAnInstructBlip_isLoadedOverItsPartsAgain() throws IOException {
    StageTwoModel model = StageTwoModel.load(InstructFolder.OWN, home, StageTwoSetup.lavis());
    touch(model);

    Path file = new StageTwoExport(model).toLavis(folder);

    Path hf = folder.resolve("hf");
    new StageTwoExport(model).toHuggingFace(hf);
    Blip2Parts parts =
        Blip2Parts.of(file, PlainLanguage.write(InstructFolder.OWN, folder.resolve("t5")))
            .withVision(InstructFolder.OWN)
            .withBert(InstructFolder.OWN);
    try (Checkpoint written = Checkpoint.open(file);
        Blip2 lavis = Blip2.load(parts, Precision.FLOAT32);
        Blip2 whole = Blip2.load(hf)) {
      for (String name :
          List.of(
              "Qformer.bert.embeddings.word_embeddings.weight",
              "Qformer.bert.encoder.layer.3.intermediate.dense.weight",
              "Qformer.bert.encoder.layer.3.output.LayerNorm.bias",
              "ln_vision.weight",
              "query_tokens",
              "t5_proj.weight")) {
        assertTrue(written.tensors().containsKey(name), name);
      }
      assertEquals(
          model.parameters().values().stream().filter(Parameter::isTrained).count(),
          written.tensors().size());
      Path picture = InstructFolder.OWN.resolve("images/b.png");
      assertEquals(
          whole.answer(whole.read(picture), "what color is the ring?"),
          lavis
              .withConvention(Convention.HF)
              .answer(
                  lavis.withConvention(Convention.HF).read(picture), "what color is the ring?"));
    }
  }

  @Test
  void load_instructBlipWithoutItsTokenizer_isRefused() throws IOException {
    Path damaged = InstructFolder.copyTo(Files.createDirectory(folder.resolve("model")));
    Files.delete(damaged.resolve(InstructFolder.TOKENIZER).resolve("tokenizer.json"));

    var e =
        assertThrows(
            CheckpointException.class,
            () -> StageTwoModel.load(damaged, home, StageTwoSetup.lavis()));

    assertEquals(
        damaged
            + ": qformer_tokenizer/tokenizer.json expected in an InstructBLIP, got none; copy it"
            + " from the checkpoint",
        e.getMessage());
  }

  @Test
  void toLavis_withItsTower_splitsTheBiasOfItsInputs() throws IOException {
    StageTwoModel model =
        StageTwoModel.load(Fixture.HF_OPT, home, StageTwoSetup.lavis().withTrainedVision(true));

    Path file = new StageTwoExport(model).toLavis(folder.resolve("lavis"));

    try (Checkpoint written = Checkpoint.open(file)) {
      String attention = "visual_encoder.blocks.0.attn.";
      assertEquals(
          "[192, 64]",
          requireNonNull(written.tensors().get(attention + "qkv.weight")).shape().toString());
      assertEquals(
          "[64]", requireNonNull(written.tensors().get(attention + "v_bias")).shape().toString());
    }
  }

  @Test
  void load_checkpointOfARun_isRefused() throws IOException {
    Path file = Files.createFile(folder.resolve("step-00000010.safetensors"));

    var e =
        assertThrows(
            CheckpointException.class,
            () ->
                StageTwoModel.load(
                    StageTwoParts.of(file, folder).withSeed(1), home, StageTwoSetup.lavis()));

    assertEquals(
        file
            + ": first stage expected whole, got a file without its vision encoder or sizes; "
            + "give the run's"
            + " command again with --resume --export lavis",
        e.getMessage());
  }

  @Test
  void load_languageFolderOfABlip2_isRefused() {
    var e =
        assertThrows(
            CheckpointException.class,
            () ->
                StageTwoModel.load(
                    StageTwoParts.of(LAVIS, Fixture.HF_OPT).withSeed(1),
                    home,
                    StageTwoSetup.lavis()));

    assertEquals(
        Fixture.HF_OPT.resolve("config.json")
            + ": model_type of a plain language model expected one of llama, mistral, mt5, opt, qwen2,"
            + " t5, got blip-2"
            + "; another family is registered by withLanguageFamilies of LoadOptions or StageTwoSetup, or as a service"
            + " io.github.blip2j.llm.LanguageFamily",
        e.getMessage());
  }

  private StageTwoModel load(Path stageOne, long seed) throws IOException {
    Path language = PlainLanguage.write(Fixture.HF_OPT, folder.resolve("opt"));
    return StageTwoModel.load(
        StageTwoParts.of(stageOne, language).withSeed(seed), home, StageTwoSetup.lavis());
  }

  /** A trained parameter moves. */
  private static void touch(StageTwoModel model) {
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      Tensor queries = requireNonNull(model.parameters().get("queryTokens")).value();
      queries.copyInPlace(queries.detach().mul(1.5));
    }
  }

  private static void assertSamePrompt(StageTwoModel expected, StageTwoModel actual)
      throws IOException {
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      Tensor pixels = expected.processor().tensor(Fixture.images());
      Tensor again = actual.processor().tensor(Fixture.images());
      assertArrayEquals(
          expected.imagePrompt(pixels, ForwardPass.evaluation()).toFloats(),
          actual.imagePrompt(again, ForwardPass.evaluation()).toFloats());
    }
  }

  private static void assertSamePrompt(StageTwoModel expected, GenerationSession actual)
      throws IOException {
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      Tensor pixels = expected.processor().tensor(Fixture.images());
      assertArrayEquals( // packed weights are summed in another order
          expected.imagePrompt(pixels, ForwardPass.evaluation()).toFloats(),
          actual.model().imagePrompt(pixels, ForwardPass.evaluation()).toFloats(),
          2e-6f);
    }
    assertEquals(
        expected.blip2().config().visionNormEps(), actual.model().config().visionNormEps());
  }

  private static void assertAlike(
      Blip2RetrievalModel first, String name, StageTwoModel second, String as) {
    assertArrayEquals(
        requireNonNull(first.parameters().get(name), name).value().toFloats(),
        values(second, as),
        as);
  }

  private static float[] values(StageTwoModel model, String name) {
    return requireNonNull(model.parameters().get(name), name).value().toFloats();
  }

  private static ByteBuffer bytes(Checkpoint from, String name) throws IOException {
    var entry = requireNonNull(from.tensors().get(name), name);
    var bytes = ByteBuffer.allocate(Math.toIntExact(entry.byteSize()));
    from.read(name, bytes);
    return bytes.flip();
  }
}
