package org.example.research;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.LayerDecay;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageOneExport;
import io.github.blip2j.pretraining.StageOneTraining;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.vision.PositionTable;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionEncoder;
import io.github.blip2j.vision.VisionFamilies;
import io.github.blip2j.vision.VisionFamily;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A vision encoder from outside the library: registered, trained, exported, matched with. */
final class OwnEncoderTest {
  private static final Path TOKENIZER =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "lavis-stage1");
  private static final Path IMAGES =
      Path.of("..", "blip2-examples", "src", "test", "resources", "images");
  private static final MixerFamily.Config SIZES = new MixerFamily.Config(20, 3, 32, 8);

  private static VisionFamilies families() {
    return VisionFamilies.builtIn().with(new MixerFamily());
  }

  private static Blip2RetrievalModel model(VisionConfig vision, int words, Scope home)
      throws IOException {
    BertConfig bert =
        BertConfig.fromJson(
                ConfigJson.parse(
                    "qformer",
                    """
                    {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 3,
                     "num_attention_heads": 3, "cross_attention_frequency": 2}
                    """),
                vision.dim())
            .withTextSide()
            .withVocabSize(words);
    var config = new Blip2RetrievalConfig(vision, new Blip2QformerConfig(bert, 6, 16, 1e-5, 12));
    return Blip2RetrievalModel.of(config, Params.root(Weights.random(new Random(3)), home));
  }

  @Test
  void ownEncoder_trainedWithTheQFormer_isExportedAndMatchedWith(@TempDir Path folder)
      throws IOException {
    Path own = folder.resolve("own");
    try (Scope home = Scope.detached();
        var tokenizer = HuggingFaceTokenizer.open(TOKENIZER)) {
      Blip2RetrievalModel model = model(SIZES, tokenizer.vocabSize(), home);
      model.parameters().values().forEach(parameter -> parameter.train()); // the encoder too
      CaptionSet set = CaptionSet.open(List.of(captions(folder)), IMAGES, CaptionSet.Faulty.REFUSE);
      var processor = new ImageProcessor(SIZES.processor());
      var batches = CaptionBatches.of(set, processor, 2, 42);
      var settings =
          TrainingSettings.of(folder.resolve("run"), Schedule.Constant.of(1e-3)).withMaxSteps(2);
      float[] before = vision(model);
      LayerDecay decay = model.vision().layerDecay(0.5, "vision");
      var groups = ParameterGroup.of(model.parameters().values(), 0.05, decay);
      try (var optimizer = new AdamW(groups, AdamWRule.DEFAULT)) {
        new Trainer<>(StageOneTraining.of(model, tokenizer), batches, optimizer, settings)
            .start(TrainingListener.NONE);
      }
      assertTrue(!Arrays.equals(before, vision(model)), "the encoder learns");

      new StageOneExport(model, TOKENIZER).toFolder(own, processor);

      Blip2RetrievalModel again =
          RetrievalLoader.load(own, home, families(), UnaryOperator.identity());
      assertEquals(SIZES, again.config().vision());
      assertArrayEquals(vision(model), vision(again));
    }
    LoadOptions options = LoadOptions.of(Precision.FLOAT32).withVisionFamilies(families());
    try (ImageTextMatcher matcher = ImageTextMatcher.load(own, options)) {
      Image image = matcher.read(IMAGES.resolve("a.png"));
      List<Match> matches = matcher.match(image, List.of("a red star", "a blue square"));
      assertTrue(Math.abs(matches.get(0).itc()) <= 1, matches.toString());
      float[][] relevance = matcher.gradCam(image, "a red star").relevance(0);
      assertEquals(List.of(4, 4), List.of(relevance.length, relevance[0].length));
    }
  }

  private static float[] vision(Blip2RetrievalModel model) {
    VisionEncoder encoder = model.vision();
    return Objects.requireNonNull(encoder.parameters().get("layers.1.mlp.up.weight"))
        .value()
        .toFloats();
  }

  private static Path captions(Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String image : List.of("a.png", "b.png", "a.png", "b.png")) {
      lines.add("{\"image\": \"" + image + "\", \"caption\": \"a red star\"}");
    }
    return Files.write(folder.resolve("captions.jsonl"), lines);
  }

  @Test
  void layerDecay_isByTheNamesOfTheEncodersLayers(@TempDir Path folder) throws IOException {
    try (Scope home = Scope.detached()) {
      VisionEncoder encoder = model(SIZES, 40, home).vision();

      LayerDecay decay = encoder.layerDecay(0.5, "vision");

      assertEquals(3, encoder.layers());
      assertEquals(0.0625, decay.scale("vision.patches.weight"));
      assertEquals(0.125, decay.scale("vision.layers.0.norm.bias"));
      assertEquals(0.5, decay.scale("vision.layers.2.mlp.up.weight"));
      assertEquals(1, decay.scale("qformer.layers.0.queryMlp.up.weight"));
    }
  }

  @Test
  void load_withoutTheFamily_saysWhichThereAreAndHowToRegisterIt(@TempDir Path folder)
      throws IOException {
    try (Scope home = Scope.detached();
        var tokenizer = HuggingFaceTokenizer.open(TOKENIZER)) {
      Blip2RetrievalModel model = model(SIZES, tokenizer.vocabSize(), home);
      new StageOneExport(model, TOKENIZER).toFolder(folder, new ImageProcessor(SIZES.processor()));

      var e = assertThrows(CheckpointException.class, () -> RetrievalLoader.load(folder, home));

      String message = String.valueOf(e.getMessage());
      assertTrue(message.contains("siglip_vision_model, siglip, got mean_mixer; another"), message);
      assertTrue(
          message.contains("withVisionFamilies of LoadOptions, StageOneParts or StageTwoSetup"),
          message);
    }
  }

  /** A service that only the thread's class loader finds, as that of a plug-in. */
  @Test
  void installed_serviceOfTheThreadsClassLoader_isFound(@TempDir Path folder) throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(services.resolve(VisionFamily.class.getName()), MixerFamily.class.getName());
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    assertTrue(VisionFamilies.installed().find("mean_mixer").isEmpty());
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);

      assertEquals("Mixer", VisionFamilies.installed().find("mean_mixer").orElseThrow().name());
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Test
  void with_aFamilyTwice_isRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> families().with(new MixerFamily()));

    assertEquals(
        "vision families: one family expected for model_type mean_mixer, got Mixer"
            + " (org.example.research.MixerFamily) and Mixer (org.example.research.MixerFamily);"
            + " register it once, or under a model_type of its own",
        e.getMessage());
  }

  /** What a family may do wrong. */
  private record Faulty(List<String> modelTypes) implements VisionFamily {
    @Override
    public String name() {
      return "Faulty";
    }

    @Override
    public VisionConfig read(ConfigJson json) {
      return SIZES;
    }
  }

  @Test
  void with_aTypeOfABuiltInFamily_orNone_isRefused() {
    var taken =
        assertThrows(
            IllegalArgumentException.class,
            () -> VisionFamilies.builtIn().with(new Faulty(List.of("siglip_vision_model"))));
    var none =
        assertThrows(
            IllegalArgumentException.class,
            () -> VisionFamilies.builtIn().with(new Faulty(Collections.emptyList())));

    assertTrue(String.valueOf(taken.getMessage()).contains("model_type siglip_vision_model, got"));
    assertEquals(
        "vision families: model_type expected for Faulty (org.example.research.OwnEncoderTest$Faulty),"
            + " got none; return one or more from modelTypes()",
        none.getMessage());
  }

  @Test
  void pixels_ofTheWrongShape_areRefused() throws IOException {
    try (Scope home = Scope.detached();
        Scope scope = Scope.open()) {
      Blip2RetrievalModel model = model(SIZES, 40, home);
      Tensor pixels = Tensor.of(new float[2 * 4 * 64], 2, 4, 8, 8);

      var e =
          assertThrows(
              IllegalArgumentException.class,
              () -> model.encodeImage(pixels, ForwardPass.evaluation()));

      assertEquals("vision: pixels expected [?, 3, ?, ?], got [2, 4, 8, 8]", e.getMessage());
    }
  }

  /** Sizes that tell another width, other tokens or other positions than the encoder has. */
  private record Lying(
      MixerFamily.Config truth, int dim, int tokensBefore, Optional<PositionTable> positions)
      implements VisionConfig {
    @Override
    public VisionFamily family() {
      return truth.family();
    }

    @Override
    public int imageSize() {
      return truth.imageSize();
    }

    @Override
    public int patchSize() {
      return truth.patchSize();
    }

    @Override
    public double normEps() {
      return truth.normEps();
    }

    @Override
    public VisionConfig withImageSize(int side) {
      return this;
    }

    @Override
    public VisionEncoder build(Params params) {
      return truth.build(params);
    }

    @Override
    public JsonObject toJson() {
      return truth.toJson();
    }
  }

  @ParameterizedTest
  @CsvSource({"21, 0, '[1, 16, 21]'", "20, 1, '[1, 17, 20]'"})
  void features_ofAnotherShapeThanTold_areRefused(int dim, int tokensBefore, String told)
      throws IOException {
    try (Scope home = Scope.detached();
        Scope scope = Scope.open()) {
      var lying = new Lying(SIZES, dim, tokensBefore, Optional.empty());
      Blip2RetrievalModel model = model(lying, 40, home);
      Tensor pixels = Tensor.of(new float[3 * 32 * 32], 1, 3, 32, 32);

      var e =
          assertThrows(
              IllegalArgumentException.class,
              () -> model.encodeImage(pixels, ForwardPass.evaluation()));

      assertEquals(
          "vision: features of Mixer expected "
              + told
              + ", got [1, 16, 20]; dim, patchSize and tokensBefore of the configuration must be the"
              + " encoder's",
          e.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "norms | 20 | to name a parameter of the encoder, got norms; name one of ",
        "layers.0.norm.weight | 21 | the shape of layers.0.norm.weight, [20], got [21]; build both"
            + " from one image size"
      })
  void positions_thatTheEncoderLacks_areRefusedWhenItIsBuilt(String name, int rows, String told) {
    var table = new PositionTable(name, Shape.of(rows), 0, false);
    var lying = new Lying(SIZES, 20, 0, Optional.of(table));
    try (Scope home = Scope.detached()) {
      var e = assertThrows(IllegalArgumentException.class, () -> model(lying, 40, home));

      String message = String.valueOf(e.getMessage());
      assertTrue(message.startsWith("vision: positions of Mixer expected " + told), message);
    }
  }

  @Test
  void withVision_ofAnotherWidth_isRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> Blip2RetrievalConfig.blip2().withVision(SIZES));
    assertEquals(
        "Blip2RetrievalConfig: encoderDim must be the vision width, got 1408 and 20",
        e.getMessage());
  }
}
