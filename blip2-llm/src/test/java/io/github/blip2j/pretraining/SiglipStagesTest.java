package io.github.blip2j.pretraining;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.blip2.checkpoint.Inspection;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.files.PlainLanguage;
import io.github.blip2j.blip2.checkpoint.files.TensorCopy;
import io.github.blip2j.blip2.checkpoint.lavis.Blip2Parts;
import io.github.blip2j.blip2.inference.GradCamMaps;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.vision.VisionFamilies;
import io.github.blip2j.vision.image.Augmentation;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Both stages over SigLIP's vision encoder: trained, resumed, exported, matched, captioned. */
final class SiglipStagesTest {
  private static final Path SIGLIP = Fixtures.own("hf-siglip");
  private static final Path BERT = Fixtures.own("hf-bert");
  private static final double SAME = 1e-6;

  private final Path folder;
  private final Scope home = Scope.detached();

  SiglipStagesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void close() {
    home.close();
  }

  private Blip2RetrievalModel fresh() throws IOException {
    return StageOneParts.of(SIGLIP, BERT).load(home, new SplittableRandom(1));
  }

  private static ImageProcessor processor() throws IOException {
    return ImageProcessor.load(SIGLIP);
  }

  private static float[] values(Parameter parameter) {
    return parameter.value().toFloats();
  }

  private static void assertSame(Blip2RetrievalModel expected, Blip2RetrievalModel actual) {
    assertEquals(expected.parameters().keySet(), actual.parameters().keySet());
    expected
        .parameters()
        .forEach(
            (name, own) ->
                assertArrayEquals(
                    values(own), values(requireNonNull(actual.parameters().get(name))), name));
  }

  @Test
  void parts_folderOfSiglip_isTheVisionEncoder() throws IOException {
    Blip2RetrievalModel model = fresh();

    assertEquals(VisionFamilies.SIGLIP, model.config().vision().family());
    assertEquals(36, model.config().qformer().bert().encoderDim());
    assertEquals(1e-5, model.config().qformer().visionNormEps());
    try (Scope scope = Scope.open();
        Golden golden = Golden.open(SIGLIP);
        var off = GradMode.noGrad()) {
      Tensor y = model.encodeImage(golden.get("pixel_values"), ForwardPass.evaluation());
      golden.assertClose("last_hidden_state", y, 5e-5);
    }
    assertEquals(
        processor().config(), StageOneParts.of(SIGLIP, BERT).processor(model.config()).config());
  }

  /**
   * Of a SigLIP with its text half, in names with or without a further prefix, type told or not.
   */
  @ParameterizedTest
  @CsvSource({"'', true", "'model.', true", "'', false"})
  void parts_folderOfAWholeSiglip_givesItsVisionHalf(String prefix, boolean told)
      throws IOException {
    Path whole = Files.createDirectory(folder.resolve("whole"));
    JsonObject vision =
        JsonParser.parseString(Files.readString(SIGLIP.resolve("config.json"))).getAsJsonObject();
    if (!told) {
      vision.remove("model_type");
    }
    var json = new JsonObject();
    json.addProperty("model_type", "siglip");
    json.add("vision_config", vision);
    Files.writeString(whole.resolve("config.json"), json.toString());
    try (Checkpoint from = Checkpoint.open(SIGLIP)) {
      List<TensorCopy> copies = new ArrayList<>();
      for (TensorEntry entry : from.tensors().values()) {
        copies.add(TensorCopy.whole(prefix + "vision_model." + entry.name(), entry));
      }
      TensorEntry any = requireNonNull(from.tensors().get("post_layernorm.bias"));
      copies.add(TensorCopy.whole(prefix + "text_model.embeddings.token_embedding.weight", any));
      copies.add(TensorCopy.whole(prefix + "logit_scale", any));
      write(from, copies, whole.resolve("model.safetensors"));
    }

    Blip2RetrievalModel model = StageOneParts.of(whole, BERT).load(home, new SplittableRandom(1));

    assertSame(fresh(), model);
  }

  private static void write(Checkpoint from, List<TensorCopy> copies, Path file)
      throws IOException {
    try (var writer =
        SafetensorsWriter.create(file, copies.stream().map(TensorCopy::spec).toList())) {
      for (TensorCopy copy : copies) {
        copy.write(from, writer::write);
      }
    }
  }

  @Test
  void resume_withinAnEpoch_endsWithTheSameBits() throws IOException {
    int threads = Threads.count();
    Threads.use(1);
    try {
      train("whole", 5, false);
      train("parts", 2, false);
      train("parts", 5, true);
    } finally {
      Threads.use(threads);
    }

    String last = "step-00000005.safetensors";
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("whole").resolve(last)),
        Files.readAllBytes(folder.resolve("parts").resolve(last)));
  }

  private Blip2RetrievalModel train(String run, long steps, boolean resume) throws IOException {
    var settings =
        TrainingSettings.of(folder.resolve(run), Schedule.Constant.of(1e-3))
            .withEpochs(2)
            .withMaxSteps(steps);
    CaptionSet set =
        CaptionSet.open(List.of(Scenes.captions(folder)), Scenes.IMAGES, CaptionSet.Faulty.REFUSE);
    var batches = CaptionBatches.of(set, processor(), 2, 42).with(Augmentation.blip2());
    Blip2RetrievalModel model = fresh();
    model.trainQformer();
    var groups = ParameterGroup.of(model.parameters().values(), 0.05);
    try (var tokenizer = HuggingFaceTokenizer.open(BERT);
        var optimizer = new AdamW(groups, AdamWRule.DEFAULT)) {
      var objective = StageOneTraining.of(model, tokenizer);
      var trainer = new Trainer<>(objective, batches, optimizer, settings);
      var end =
          resume ? trainer.resume(TrainingListener.NONE) : trainer.start(TrainingListener.NONE);
      assertEquals(steps, end.step());
    }
    return model;
  }

  @Test
  void toFolder_thenLoaded_isTheSameModelAndMatchesAsItDoes() throws IOException {
    Blip2RetrievalModel model = train("run", 2, false);
    Path own = folder.resolve("own");

    new StageOneExport(model, BERT).toFolder(own, processor());

    Blip2RetrievalModel again = RetrievalLoader.load(own, home);
    assertEquals(model.config(), again.config());
    assertSame(model, again);
    try (ImageTextMatcher matcher = ImageTextMatcher.load(own);
        Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      var images = Fixture.images().subList(0, 2);
      List<String> texts = List.of("a red star", "a blue square below a red star");
      Tensor pixels = processor().tensor(images);
      var context =
          model.qformer().imageKeyValues(model.encodeImage(pixels, ForwardPass.evaluation()));
      Tensor queries =
          model
              .qformer()
              .imageFeatures(model.qformer().encodeQueries(context, ForwardPass.evaluation()));
      float[] first = queries.narrow(0, 0, 1).toFloats();
      float[][] embedded = matcher.embed(images.get(0));
      for (int q = 0; q < embedded.length; q++) {
        for (int p = 0; p < embedded[q].length; p++) {
          assertEquals(first[q * embedded[q].length + p], embedded[q][p], SAME);
        }
      }
      List<Match> pairs = matcher.matchPairs(images, texts);
      double alone = matcher.match(images.get(0), texts.get(0)).itmLogit();
      assertEquals(alone, pairs.get(0).itmLogit(), 1e-5);
      try (var index = matcher.index()) {
        index.addImages(images);
        index.addTexts(texts);
        assertEquals(2, index.search(texts.get(1), 2).size());
      }
    }
  }

  /** 25 patches and no class token before them: 5 rows of 5. */
  @Test
  void gradCam_withoutAClassToken_hasEveryPatch() throws IOException {
    Path own = folder.resolve("own");
    new StageOneExport(fresh(), BERT).toFolder(own, processor());

    try (ImageTextMatcher matcher = ImageTextMatcher.load(own)) {
      GradCamMaps maps = matcher.gradCam(Fixture.images().get(0), "a red star");

      float[][] relevance = maps.relevance(maps.usualLayer());
      assertEquals(5, relevance.length);
      assertEquals(5, relevance[4].length);
      assertEquals(3, maps.words().size());
      assertEquals(5, maps.relevance(maps.usualLayer(), 1).length);
    }
  }

  @Test
  void export_formatsWithoutAPlace_areRefusedAndTheTrainedPartIsNot() throws IOException {
    Blip2RetrievalModel model = fresh();
    model.trainQformer();
    var export = new StageOneExport(model, BERT);
    Path to = folder.resolve("to");

    var ofHuggingFace = assertThrows(CheckpointException.class, () -> export.toHuggingFace(to));
    var ofLavis =
        assertThrows(
            CheckpointException.class, () -> export.toLavis(to, StageOneExport.Contents.ALL));

    assertEquals(
        "export: vision encoder expected to be EVA's, the one Hugging Face's BLIP-2 has, got"
            + " SigLIP; export to a folder of this library (toFolder, --export blip2j)",
        ofHuggingFace.getMessage());
    assertEquals(
        "export: vision encoder expected to be one of LAVIS's, EVA or CLIP, got SigLIP; export to a"
            + " folder of this library (toFolder, --export blip2j)",
        ofLavis.getMessage());
    assertFalse(Files.exists(to));
    Path trained = export.toLavis(to, StageOneExport.Contents.TRAINED);
    try (Checkpoint written = Checkpoint.open(trained)) {
      assertTrue(written.tensors().containsKey("ln_vision.weight"));
      assertTrue(
          written.tensors().keySet().stream().noneMatch(name -> name.startsWith("visual_encoder")));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"own", "lavis-stage1-clip", "lavis-stage1", "hf-itm"})
  void stageTwo_overEveryEncoder_isTrainedExportedAndCaptions(String first) throws IOException {
    Path stageOne = first.equals("own") ? folder.resolve("own") : Fixtures.own(first);
    if (first.equals("own")) {
      new StageOneExport(fresh(), BERT).toFolder(stageOne, processor());
    }
    Path language = PlainLanguage.write(Fixtures.own("hf-opt"), folder.resolve("opt"));
    StageTwoModel model =
        StageTwoModel.load(StageTwoParts.of(stageOne, language), home, StageTwoSetup.lavis());
    trainSecond(model);
    Path whole = folder.resolve("second");

    new StageTwoExport(model).toFolder(whole);

    try (Blip2 blip2 = Blip2.load(whole, Precision.FLOAT32);
        Scope scope = Scope.open()) {
      var image = Fixture.images().subList(0, 1);
      assertArrayEquals(model.processor().tensor(image).toFloats(), blip2.pixels(image).toFloats());
      assertSamePrompt(model, blip2.model());
      assertFalse(blip2.caption(Fixture.images().get(0)).isEmpty());
    }
    StageTwoModel further = StageTwoModel.load(whole, home, StageTwoSetup.lavis());
    assertEquals(model.parameters().keySet(), further.parameters().keySet());
    if (!first.equals("own")) {
      return;
    }
    Path trained = new StageTwoExport(model).toLavis(folder.resolve("trained"));
    var parts = Blip2Parts.of(trained, language).withVision(SIGLIP);
    try (Blip2 blip2 = Blip2.load(parts, Precision.FLOAT32)) {
      assertSamePrompt(model, blip2.model());
    }
    var e =
        assertThrows(
            CheckpointException.class, () -> Conversion.toHuggingFace(parts, folder.resolve("hf")));
    assertTrue(String.valueOf(e.getMessage()).contains("got SigLIP"), e.getMessage());
    var ofHuggingFace =
        assertThrows(
            CheckpointException.class,
            () -> new StageTwoExport(model).toHuggingFace(folder.resolve("hf")));
    assertTrue(String.valueOf(ofHuggingFace.getMessage()).contains("got SigLIP"));
  }

  private void trainSecond(StageTwoModel model) throws IOException {
    CaptionSet set =
        CaptionSet.open(List.of(Scenes.captions(folder)), Scenes.IMAGES, CaptionSet.Faulty.REFUSE);
    var batches = CaptionBatches.of(set, model.processor(), 2, 42);
    var settings =
        TrainingSettings.of(folder.resolve("run2"), Schedule.Constant.of(1e-3)).withMaxSteps(2);
    try (var tokenizer = model.openTokenizer();
        var optimizer =
            new AdamW(ParameterGroup.of(model.parameters().values(), 0), AdamWRule.DEFAULT)) {
      new Trainer<>(StageTwoTraining.of(model, tokenizer), batches, optimizer, settings)
          .start(TrainingListener.NONE);
    }
  }

  private static void assertSamePrompt(StageTwoModel expected, Blip2Model actual)
      throws IOException {
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      Tensor pixels = expected.processor().tensor(Fixture.images().subList(0, 1));
      float[] ours = expected.imagePrompt(pixels, ForwardPass.evaluation()).toFloats();
      float[] theirs = actual.imagePrompt(pixels, ForwardPass.evaluation()).toFloats();
      Golden.assertClose("prompt", ours, theirs, 1e-5);
    }
  }

  @Test
  void inspection_ofAVisionEncoder_namesTheCommandThatTakesIt() throws IOException {
    try (Inspection inspection = Inspection.open(SIGLIP)) {
      Inspection.Use use = inspection.uses().get(0);

      assertEquals("VisionEncoder", use.name());
      assertEquals(List.of("train stage1 --vision"), use.commands());
      assertTrue(use.loads(), use.toString());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "convnext | : model_type expected one of blip_2_vision_model,"
            + " instructblip_vision_model, eva_clip_g, blip-2, instructblip, clip_L,"
            + " siglip_vision_model, siglip, got convnext; another family is registered by"
            + " withVisionFamilies of LoadOptions, StageOneParts or StageTwoSetup, or as a service"
            + " io.github.blip2j.vision.VisionFamily",
        "'' | : model_type expected one of blip_2_vision_model,"
            + " instructblip_vision_model, eva_clip_g, blip-2, instructblip, clip_L,"
            + " siglip_vision_model, siglip, got nothing; another family is registered by"
            + " withVisionFamilies of LoadOptions, StageOneParts or StageTwoSetup, or as a service"
            + " io.github.blip2j.vision.VisionFamily"
      })
  void parts_unknownModelType_isNamedWithTheKnownOnes(String type, String message)
      throws IOException {
    try (Stream<Path> files = Files.list(SIGLIP)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName().toString()));
      }
    }
    Path config = folder.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("siglip_vision_model", type));

    var e =
        assertThrows(
            CheckpointException.class,
            () -> StageOneParts.of(folder, BERT).load(home, new SplittableRandom(1)));

    assertEquals(config + message, e.getMessage());
  }

  @Test
  void load_siglipInAFolderOfHuggingFacesBlip2_isRefused() throws IOException {
    Path own = folder.resolve("own");
    new StageOneExport(fresh(), BERT).toFolder(own, processor());
    Path config = own.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("\"blip2j\"", "\"blip-2\""));

    var e = assertThrows(CheckpointException.class, () -> RetrievalLoader.load(own, home));

    assertEquals(
        "config.json: vision_config.model_type expected EVA's, the one Hugging Face's BLIP-2 has, got"
            + " SigLIP; a folder with another has the model_type blip2j",
        e.getMessage());
  }

  @Test
  void parts_imageSizeThatPatchesDoNotFill_isRefused() {
    var parts =
        StageOneParts.of(SIGLIP, BERT)
            .withSizes(config -> config.withVision(config.vision().withImageSize(44)));

    var e =
        assertThrows(
            IllegalArgumentException.class, () -> parts.load(home, new SplittableRandom(1)));

    assertEquals(
        "vision: image size expected a multiple of the patches' 8 pixels, got 44", e.getMessage());
  }

  @Test
  void parts_anotherImageSize_isTrainedWithInterpolatedPositions() throws IOException {
    Blip2RetrievalModel model =
        StageOneParts.of(SIGLIP, BERT)
            .withSizes(config -> config.withVision(config.vision().withImageSize(48)))
            .load(home, new SplittableRandom(1));

    Parameter positions = requireNonNull(model.parameters().get("vision.positions"));
    assertEquals(36, positions.value().dim(0));
  }
}
