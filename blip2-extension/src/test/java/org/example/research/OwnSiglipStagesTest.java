package org.example.research;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.checkpoint.lavis.Blip2Parts;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageOneExport;
import io.github.blip2j.pretraining.StageOneParts;
import io.github.blip2j.pretraining.StageOneTraining;
import io.github.blip2j.pretraining.StageTwoExport;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoParts;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.pretraining.StageTwoTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import io.github.blip2j.training.Objective;
import io.github.blip2j.training.RunControl;
import io.github.blip2j.training.TrainStep;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An encoder of SigLIP's kind from outside the library, in both stages and after them. */
final class OwnSiglipStagesTest {
  private static final Path IMAGES =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "lavis-stage1", "images");
  private static final List<String> NAMES = List.of("0.png", "4.png", "6.png", "7.png");
  private static final List<String> CAPTIONS =
      List.of("a purple cross", "a green circle", "two white stars", "a triangle");
  private static final StageTwoSetup SETUP =
      StageTwoSetup.lavis()
          .withTrainedVision(true)
          .withVisionFamilies(TinySiglips.families())
          .withLanguageFamilies(PlainLanguages.families());
  private static final GenerationConfig DECODING = GenerationConfig.greedy().maxNewTokens(8);

  private final Path folder;
  private final int threads = Threads.count();
  private final Scope home = Scope.detached();
  private final List<Double> losses = new ArrayList<>();

  OwnSiglipStagesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void oneThread() {
    Threads.use(1);
  }

  @AfterEach
  void close() {
    Threads.use(threads);
    home.close();
  }

  private static LoadOptions options(Precision precision) {
    return LoadOptions.of(precision)
        .withVisionFamilies(TinySiglips.families())
        .withLanguageFamilies(PlainLanguages.families());
  }

  /** Four images with their captions in one batch. */
  private CaptionBatches batches(ImageProcessor processor) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < NAMES.size(); i++) {
      lines.add("{\"image\": \"" + NAMES.get(i) + "\", \"caption\": \"" + CAPTIONS.get(i) + "\"}");
    }
    Path captions = Files.write(folder.resolve("captions.jsonl"), lines);
    CaptionSet set = CaptionSet.open(List.of(captions), IMAGES, CaptionSet.Faulty.REFUSE);
    return CaptionBatches.of(set, processor, NAMES.size(), 42);
  }

  private void train(
      Objective<CaptionBatch> objective,
      Collection<Parameter> parameters,
      ImageProcessor processor,
      TrainingSettings settings,
      boolean resume)
      throws IOException {
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void updated(TrainStep.Outcome outcome, RunControl run) {
            losses.add(requireNonNull(outcome.losses().get("loss")));
          }
        };
    try (var optimizer = new AdamW(ParameterGroup.of(parameters, 0.05), AdamWRule.DEFAULT)) {
      var trainer = new Trainer<>(objective, batches(processor), optimizer, settings);
      long step = (resume ? trainer.resume(listener) : trainer.start(listener)).step();
      assertEquals(settings.maxSteps(), step);
    }
  }

  private TrainingSettings settings(String run, double rate, long steps) {
    return TrainingSettings.of(folder.resolve(run), Schedule.Constant.of(rate))
        .withEpochs(1000)
        .withMaxSteps(steps);
  }

  private static List<Image> images() throws IOException {
    List<Image> images = new ArrayList<>();
    for (String name : NAMES) {
      images.add(new ImageProcessor(TinySiglips.processor()).read(IMAGES.resolve(name)));
    }
    return images;
  }

  /** A model of the first stage whose encoder is trained too. */
  private Blip2RetrievalModel trainedFirst(StageOneParts parts, long steps) throws IOException {
    Blip2RetrievalModel model = parts.load(home, new SplittableRandom(1));
    model.parameters().values().forEach(Parameter::train);
    try (var tokenizer = HuggingFaceTokenizer.open(TinySiglips.words())) {
      train(
          StageOneTraining.of(model, tokenizer),
          model.parameters().values(),
          parts.processor(model.config()),
          settings("first", 2e-3, steps),
          false);
    }
    return model;
  }

  @Test
  void stageOne_encoderTrained_learnsToMatchAndFind() throws IOException {
    StageOneParts parts = TinySiglips.parts(folder.resolve("siglip"));
    Path own = folder.resolve("own");

    Blip2RetrievalModel model = trainedFirst(parts, 100);

    assertTrue(losses.get(99) < losses.get(0) / 4, losses::toString);
    new StageOneExport(model, TinySiglips.words()).toFolder(own, parts.processor(model.config()));
    try (ImageTextMatcher matcher = ImageTextMatcher.load(own, options(Precision.FLOAT32));
        var index = matcher.index()) {
      List<Image> images = images();
      index.addImages(images);
      for (int i = 0; i < images.size(); i++) {
        List<Match> matches = matcher.match(images.get(i), CAPTIONS);
        for (int j = 0; j < matches.size(); j++) {
          assertEquals(i == j, matches.get(j).itmProbability() > 0.5, i + ", " + matches);
        }
        assertEquals(i, index.search(CAPTIONS.get(i), 4).id(0), CAPTIONS.get(i));
      }
      var maps = matcher.gradCam(images.get(0), CAPTIONS.get(0));
      assertEquals(5, maps.relevance(maps.usualLayer()).length); // 5 x 5 patches
    }
  }

  @Test
  void stageOne_encoderUnfrozenOrNot_hasGradientsOrNone() throws IOException {
    StageOneParts parts = TinySiglips.parts(folder.resolve("siglip"));
    Blip2RetrievalModel model = parts.load(home, new SplittableRandom(1));
    Collection<Parameter> encoder = model.vision().parameters().values();
    model.trainQformer();
    backward(model, parts);
    encoder.forEach(parameter -> assertNull(parameter.gradient(), parameter.name()));

    encoder.forEach(Parameter::train);
    backward(model, parts);

    for (Parameter parameter : encoder) {
      double largest = 0;
      for (float value : requireNonNull(parameter.gradient(), parameter.name()).toFloats()) {
        largest = Math.max(largest, Math.abs(value));
      }
      // A key bias adds the same to all scores of a softmax: its gradient is rounding.
      boolean idle = parameter.name().endsWith("attention.key.bias");
      assertEquals(!idle, largest > 1e-6, parameter.name() + ": " + largest);
    }
  }

  private void backward(Blip2RetrievalModel model, StageOneParts parts) throws IOException {
    try (var tokenizer = HuggingFaceTokenizer.open(TinySiglips.words());
        Scope scope = Scope.open();
        Stream<CaptionBatch> batches = batches(parts.processor(model.config())).open(0, 0)) {
      ForwardPass pass = ForwardPass.training(new SplittableRandom(2));
      CaptionBatch batch = batches.iterator().next();
      StageOneTraining.of(model, tokenizer).losses(batch, pass).total().backward();
    }
  }

  /** The second stage behind a language model, with the encoder and the random model trained. */
  private StageTwoModel second(String language) throws IOException {
    StageTwoModel model = second(language, SETUP);
    model.parameters().values().forEach(Parameter::train);
    return model;
  }

  private StageTwoModel second(String language, StageTwoSetup setup) throws IOException {
    Path first = folder.resolve("own");
    if (!Files.exists(first)) {
      StageOneParts parts = TinySiglips.parts(folder.resolve("siglip"));
      Blip2RetrievalModel fresh = parts.load(home, new SplittableRandom(1));
      new StageOneExport(fresh, TinySiglips.words())
          .toFolder(first, parts.processor(fresh.config()));
      PlainLanguages.opt(folder.resolve("opt"));
      PlainLanguages.gpt(folder.resolve("gpt"));
    }
    return StageTwoModel.load(StageTwoParts.of(first, folder.resolve(language)), home, setup);
  }

  private void trainSecond(StageTwoModel model, TrainingSettings settings, boolean resume)
      throws IOException {
    try (var tokenizer = model.openTokenizer()) {
      train(
          StageTwoTraining.of(model, tokenizer),
          model.parameters().values(),
          model.processor(),
          settings,
          resume);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"opt", "gpt"})
  void stageTwo_encoderTrained_captionsAlikeBeforeAndAfterReload(String language)
      throws IOException {
    Path whole = folder.resolve("whole");
    StageTwoModel model = second(language);
    assertEquals(TinySiglips.processor(), model.processor().config());
    float[] before = patches(model);

    trainSecond(model, settings("run", 3e-3, 120), false);

    assertTrue(losses.get(119) < losses.get(0) / 4, losses::toString);
    assertFalse(Arrays.equals(before, patches(model)), "the encoder learns");
    assertEquals(CAPTIONS, captions(model));
    new StageTwoExport(model).toFolder(whole);
    for (Precision precision : Precision.values()) {
      try (Blip2 blip2 = Blip2.load(whole, options(precision))) {
        assertEquals("Tiny SigLIP", blip2.model().config().vision().family().name());
        assertEquals(CAPTIONS, captions(blip2), precision.toString());
      }
    }
    StageTwoModel further = StageTwoModel.load(whole, home, SETUP);
    assertArrayEquals(patches(model), patches(further));
    assertEquals(CAPTIONS, captions(further));
  }

  /** A file of LAVIS has the trained part alone; the encoder comes from its own folder. */
  @Test
  void stageTwo_encoderFrozen_isReadFromItsFolderBesideAFileOfLavis() throws IOException {
    StageTwoModel model = second("opt", SETUP.withTrainedVision(false));
    float[] before = patches(model);
    trainSecond(model, settings("run", 3e-3, 3), false);
    assertArrayEquals(before, patches(model));

    Path trained = new StageTwoExport(model).toLavis(folder.resolve("trained"));

    Blip2Parts parts =
        Blip2Parts.of(trained, folder.resolve("opt")).withVision(folder.resolve("siglip"));
    try (Blip2 blip2 = Blip2.load(parts, options(Precision.FLOAT32));
        Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      Tensor pixels = model.processor().tensor(images());
      assertArrayEquals(pixels.toFloats(), blip2.pixels(images()).toFloats());
      float[] expected = model.imagePrompt(pixels, ForwardPass.evaluation()).toFloats();
      Tensor prompts = blip2.model().imagePrompt(pixels, ForwardPass.evaluation());
      assertArrayEquals(expected, prompts.toFloats(), 1e-5f);
    }
  }

  private static float[] patches(StageTwoModel model) {
    return requireNonNull(model.parameters().get("vision.patches.weight")).value().toFloats();
  }

  private static List<String> captions(Blip2 blip2) throws IOException {
    List<String> captions = new ArrayList<>();
    for (Image image : images()) {
      captions.add(blip2.generate(image, "", DECODING).get(0).text());
    }
    return captions;
  }

  /** Of a model that is still trained. */
  private static List<String> captions(StageTwoModel model) throws IOException {
    LanguageConfig text = model.blip2().config().text();
    int[] ends = text.endIds().stream().mapToInt(id -> id).toArray();
    try (var tokenizer = model.openTokenizer();
        Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      Tensor pixels = model.processor().tensor(images());
      Tensor prompts = model.imagePrompt(pixels, ForwardPass.evaluation());
      int[] begin = tokenizer.encode("");
      var texts = PromptBatch.of(Collections.nCopies(NAMES.size(), begin), text.padId(), Side.LEFT);
      return model.blip2().generate(prompts, texts, Generator.of(DECODING, ends), 8).stream()
          .map(best -> tokenizer.decode(best.get(0).tokens()).strip())
          .toList();
    }
  }

  @Test
  void stageTwo_stoppedAndResumed_endsWithTheSameBits() throws IOException {
    trainSecond(second("gpt"), settings("whole", 3e-3, 6), false);
    trainSecond(second("gpt"), settings("parts", 3e-3, 4), false);

    trainSecond(second("gpt"), settings("parts", 3e-3, 6), true);

    String last = "step-00000006.safetensors";
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("whole").resolve(last)),
        Files.readAllBytes(folder.resolve("parts").resolve(last)));
  }
}
