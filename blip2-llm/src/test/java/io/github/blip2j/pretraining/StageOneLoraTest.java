package io.github.blip2j.pretraining;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.adapter.LoraLayers;
import io.github.blip2j.adapter.LoraSettings;
import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs of the first stage with a LoRA on the Q-Former. */
final class StageOneLoraTest {
  private static final LoraSettings SETTINGS =
      LoraSettings.of("query", "value", "dense", "vision_projection").withRank(4).withAlpha(16);

  private final Path folder;
  private final int threads = Threads.count();
  private final List<Double> losses = new ArrayList<>();
  private final List<String> changes = new ArrayList<>();

  StageOneLoraTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void oneThread() {
    Threads.use(1);
  }

  @AfterEach
  void asBefore() {
    Threads.use(threads);
  }

  private static StageOneSetup setup(LoraSettings lora) {
    return StageOneSetup.lavis().with(Tuning.NONE.withFrozen(List.of("*")).withLora(lora));
  }

  private static StageOneModel model(Scope home, StageOneSetup setup) throws IOException {
    return StageOneModel.load(Scenes.MODEL, home, UnaryOperator.identity(), setup);
  }

  private static List<Parameter> factors(StageOneModel model) {
    return model.parameters().values().stream()
        .filter(each -> LoraLayers.isFactor(each.name()))
        .toList();
  }

  /** Second factors begin as zeros, which hide the first. */
  private static void randomise(StageOneModel model) {
    var random = new SplittableRandom(5);
    try (var off = GradMode.noGrad();
        Scope scope = Scope.open()) {
      for (Parameter factor : factors(model)) {
        factor.value().addInPlace(Init.normal(0.1).draw(factor.value().shape(), random));
      }
    }
  }

  private double loss(StageOneModel model, ForwardPass pass) throws IOException {
    try (Scope scope = Scope.open();
        var tokenizer = HuggingFaceTokenizer.open(Scenes.MODEL);
        var stream = Scenes.batches(folder, 4, 42).open(0, 0)) {
      return StageOneTraining.of(model, tokenizer)
          .losses(stream.iterator().next(), pass)
          .total()
          .item();
    }
  }

  private double loss(StageOneModel model) throws IOException {
    return loss(model, ForwardPass.evaluation());
  }

  @Test
  void load_lora_trainsItsFactorsAndLeavesTheResultAsItWas() throws IOException {
    try (Scope home = Scope.detached();
        Scope other = Scope.detached()) {
      StageOneModel model = model(home, setup(SETTINGS));

      List<Parameter> trained =
          model.parameters().values().stream().filter(Parameter::isTrained).toList();
      assertEquals(factors(model), trained);
      assertTrue(trained.size() > 20, "factors: " + trained.size());
      assertFalse(model.trainsVision());
      assertTrue(trained.stream().noneMatch(factor -> factor.name().startsWith("head.")));
      assertEquals(loss(model(other, StageOneSetup.lavis())), loss(model));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16"})
  void start_loraAlone_lowersTheLoss(Precision precision) throws IOException {
    train(setup(SETTINGS.withDropout(0.1)).withComputePrecision(precision), "run", 40, false);

    double first = mean(losses.subList(0, 4));
    double last = mean(losses.subList(36, 40));
    assertTrue(last < 0.8 * first, "mean loss of the first 4 updates " + first + ", last " + last);
  }

  private static double mean(List<Double> numbers) {
    return numbers.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  @Test
  void resume_withinAnEpoch_endsWithTheSameBits() throws IOException {
    StageOneSetup setup = setup(SETTINGS.withDropout(0.3));
    train(setup, "whole", 7, false);
    train(setup, "parts", 3, false);
    train(setup, "parts", 7, true);

    String last = "step-00000007.safetensors";
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("whole").resolve(last)),
        Files.readAllBytes(folder.resolve("parts").resolve(last)));
  }

  @Test
  void resume_anotherLora_isRefusedOrSaid() throws IOException {
    train(setup(SETTINGS), "run", 2, false);

    assertRefused(
        SETTINGS.withAlpha(8),
        "step-00000002.safetensors: lora_alpha expected 16.0, with which the run was started, got"
            + " 8.0 from the settings of this resume; resume with 16.0");
    assertRefused(
        SETTINGS.withRootOfRank(),
        "step-00000002.safetensors: lora_rslora expected false, with which the run was started,"
            + " got true from the settings of this resume; resume with false");
    assertRefused(SETTINGS.withRank(3), "step-00000002.safetensors: tensors of this run expected");
    assertRefused(
        LoraSettings.of("query").withRank(4).withAlpha(16),
        "step-00000002.safetensors: tensors of this run expected");
    train(setup(SETTINGS.withDropout(0.5)), "run", 3, true);
    assertEquals(List.of("lora_dropout 0.0 -> 0.5"), changes);
  }

  private void assertRefused(LoraSettings other, String message) {
    var refused =
        assertThrows(CheckpointException.class, () -> train(setup(other), "run", 3, true));

    String got = String.valueOf(refused.getMessage());
    assertTrue(got.startsWith(message), got);
  }

  @Test
  void losses_withDropout_dropTheInputsOfTheProducts() throws IOException {
    try (Scope home = Scope.detached();
        Scope other = Scope.detached()) {
      StageOneModel plain = model(home, setup(SETTINGS));
      StageOneModel dropping = model(other, setup(SETTINGS.withDropout(0.5)));
      randomise(plain);
      randomise(dropping);

      assertEquals(loss(plain), loss(dropping));
      assertNotEquals(
          loss(plain, ForwardPass.training(new SplittableRandom(1))),
          loss(dropping, ForwardPass.training(new SplittableRandom(1))));
    }
  }

  @Test
  void exports_merged_haveItsLosses() throws IOException {
    Path lavis = folder.resolve("lavis");
    Path hf = folder.resolve("hf");
    Path own = folder.resolve("own");
    double expected;
    try (Scope home = Scope.detached()) {
      StageOneModel model = model(home, setup(SETTINGS));
      randomise(model);
      expected = loss(model);
      var export = new StageOneExport(model, Scenes.MODEL);
      export.toLavis(lavis, StageOneExport.Contents.ALL);
      export.toHuggingFace(hf);
      export.toFolder(own, Scenes.processor());
    }

    for (Path each : List.of(lavis, hf, own)) {
      try (Scope home = Scope.detached()) {
        StageOneModel read =
            StageOneModel.load(each, home, UnaryOperator.identity(), StageOneSetup.lavis());
        assertEquals(expected, loss(read), 1e-4, each.toString());
      }
    }
  }

  @Test
  void toPeft_trainedFurtherOrMergedByALoader_isTheSameModel() throws IOException {
    Path adapter = folder.resolve("adapter");
    Path base = folder.resolve("base");
    double ended;
    try (Scope home = Scope.detached()) {
      StageOneModel model = model(home, setup(SETTINGS));
      randomise(model);
      ended = loss(model);
      new StageOneExport(model, Scenes.MODEL).toPeft(adapter, "");
    }

    try (Scope home = Scope.detached();
        Scope other = Scope.detached()) {
      assertEquals(ended, loss(model(home, setup(LoraSettings.of(adapter)))));
      Blip2RetrievalModel plain = RetrievalLoader.load(Scenes.MODEL, other);
      new StageOneExport(plain, Scenes.MODEL).toHuggingFace(base);
    }
    try (Scope home = Scope.detached();
        Scope other = Scope.detached();
        Scope scope = Scope.open()) {
      LoadOptions options = LoadOptions.of(Precision.FLOAT32).withAdapter(adapter);
      var merged = RetrievalLoader.load(base, home, options).model();
      StageOneModel trained = model(other, setup(LoraSettings.of(adapter)));
      Parameter weight = requireNonNull(trained.parameters().get("visionProjection.weight"));
      var product = requireNonNull(weight.update()).product();
      assertArrayEquals(
          weight.value().add(product).toFloats(),
          requireNonNull(merged.parameters().get("visionProjection.weight")).value().toFloats(),
          1e-6f);
    }
  }

  @Test
  void export_whatAnAdapterLacks_isRefused() throws IOException {
    try (Scope home = Scope.detached();
        Scope other = Scope.detached()) {
      var both =
          new StageOneExport(
              model(home, StageOneSetup.lavis().with(Tuning.NONE.withLora(SETTINGS))),
              Scenes.MODEL);
      var none = new StageOneExport(model(other, StageOneSetup.lavis()), Scenes.MODEL);

      assertTrue(
          String.valueOf(assertThrows(CheckpointException.class, both::requirePeft).getMessage())
              .startsWith("export: LoRA alone expected to be trained for an adapter, got "));
      assertEquals(
          "export: LoRA expected for an adapter, got none; train with one (--lora)",
          assertThrows(CheckpointException.class, none::requirePeft).getMessage());
    }
  }

  @Test
  void load_captioningHeadAsTarget_isUnknown() {
    try (Scope home = Scope.detached()) {
      var refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> model(home, setup(LoraSettings.of("transform.dense"))));
      assertTrue(
          String.valueOf(refused.getMessage())
              .startsWith("lora: target expected to name a linear map, got 'transform.dense'"),
          refused.getMessage());
    }
  }

  private TrainingPosition train(StageOneSetup setup, String run, long steps, boolean resume)
      throws IOException {
    var settings =
        TrainingSettings.of(folder.resolve(run), Schedule.Constant.of(1e-2))
            .withEpochs(20)
            .withMaxSteps(steps)
            .withPrecision(setup.computePrecision())
            .withLogEvery(1);
    try (Scope home = Scope.detached();
        var tokenizer = HuggingFaceTokenizer.open(Scenes.MODEL)) {
      StageOneModel model = model(home, setup);
      var batches = Scenes.batches(folder, 4, 42);
      var groups = ParameterGroup.of(model.parameters().values(), 0.05);
      try (var optimizer = new AdamW(groups, AdamWRule.DEFAULT)) {
        var trainer =
            new Trainer<>(StageOneTraining.of(model, tokenizer), batches, optimizer, settings);
        return resume ? trainer.resume(recording()) : trainer.start(recording());
      }
    }
  }

  private TrainingListener recording() {
    return new TrainingListener() {
      @Override
      public void stepped(StepReport report) {
        losses.add(report.losses().get("loss"));
      }

      @Override
      public void resumed(TrainingPosition position, List<String> told) {
        changes.addAll(told);
      }
    };
  }
}
