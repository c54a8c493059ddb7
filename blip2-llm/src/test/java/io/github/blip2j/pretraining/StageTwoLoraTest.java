package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.adapter.LoraLayers;
import io.github.blip2j.adapter.LoraSettings;
import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs with a LoRA and with chosen parameters. */
final class StageTwoLoraTest {
  private static final LoraSettings SETTINGS =
      LoraSettings.of("q_proj", "v_proj", "fc1").withRank(4).withAlpha(8);

  private final Path folder;
  private final int threads = Threads.count();
  private final List<Double> losses = new ArrayList<>();

  StageTwoLoraTest(@TempDir Path folder) {
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

  private static StageTwoSetup setup(LoraSettings lora) {
    return StageTwoSetup.lavis().with(Tuning.NONE.withFrozen(List.of("*")).withLora(lora));
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void start_loraAloneOnAnyFrozenPrecision_lowersTheLoss(Precision frozen) throws IOException {
    StageTwoSetup setup = setup(SETTINGS.withDropout(0.1));
    train(
        frozen == Precision.FLOAT32 ? setup : setup.withFrozenPrecision(frozen), "run", 24, false);

    double first = mean(losses.subList(0, 4));
    double last = mean(losses.subList(20, 24));
    assertTrue(last < 0.7 * first, "mean loss of the first 4 updates " + first + ", last " + last);
  }

  @Test
  void resume_withinAnEpoch_endsWithTheSameBits() throws IOException {
    StageTwoSetup setup = setup(SETTINGS.withDropout(0.3));
    train(setup, "whole", 7, false);
    train(setup, "parts", 3, false);
    train(setup, "parts", 7, true);

    String last = "step-00000007.safetensors";
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("whole").resolve(last)),
        Files.readAllBytes(folder.resolve("parts").resolve(last)));
  }

  @Test
  void losses_dropoutRecomputed_haveTheSameGradients() throws IOException {
    List<float[]> plain = gradients(false);
    List<float[]> recomputed = gradients(true);

    for (int i = 0; i < plain.size(); i++) {
      assertArrayEquals(plain.get(i), recomputed.get(i));
    }
  }

  private List<float[]> gradients(boolean recompute) throws IOException {
    try (Scope home = Scope.detached();
        Scope scope = Scope.open()) {
      var model = StageTwoModel.load(Speech.OPT, home, setup(SETTINGS.withDropout(0.3)));
      randomise(model);
      try (var tokenizer = model.openTokenizer()) {
        ForwardPass pass = ForwardPass.training(new SplittableRandom(4));
        StageTwoTraining.of(model, tokenizer)
            .losses(
                Speech.batch(folder, "a red circle", "a star"),
                recompute ? pass.withGradientCheckpointing() : pass)
            .total()
            .backward();
        return factors(model).stream()
            .map(factor -> Objects.requireNonNull(factor.gradient()).toFloats())
            .toList();
      }
    }
  }

  /** Second factors begin as zeros, which hide the first. */
  private static void randomise(StageTwoModel model) {
    var random = new SplittableRandom(5);
    try (var off = GradMode.noGrad()) {
      for (Parameter factor : factors(model)) {
        var shape = factor.value().shape();
        factor.value().addInPlace(Init.normal(0.1).draw(shape, random));
      }
    }
  }

  private static List<Parameter> factors(StageTwoModel model) {
    return model.parameters().values().stream()
        .filter(each -> LoraLayers.isFactor(each.name()))
        .toList();
  }

  @Test
  void load_lora_trainsItsFactorsAndLeavesTheResultAsItWas() throws IOException {
    try (Scope home = Scope.detached()) {
      var model = StageTwoModel.load(Speech.OPT, home, setup(SETTINGS));

      List<Parameter> trained =
          model.parameters().values().stream().filter(Parameter::isTrained).toList();
      assertEquals(factors(model), trained);
      assertFalse(trained.isEmpty());
      try (Scope scope = Scope.open();
          var plain = Scope.detached()) {
        var before = StageTwoModel.load(Speech.OPT, plain, StageTwoSetup.lavis());
        assertEquals(loss(before), loss(model));
      }
    }
  }

  private double loss(StageTwoModel model) throws IOException {
    try (var tokenizer = model.openTokenizer()) {
      return StageTwoTraining.of(model, tokenizer)
          .losses(Speech.batch(folder, "a red circle", "a star"), ForwardPass.evaluation())
          .total()
          .item();
    }
  }

  @Test
  void toPeft_trainedFurther_startsWhereItEnded() throws IOException {
    double ended;
    try (Scope home = Scope.detached();
        Scope scope = Scope.open()) {
      var model = StageTwoModel.load(Speech.OPT, home, setup(SETTINGS));
      randomise(model);
      ended = loss(model);
      new StageTwoExport(model).toPeft(folder.resolve("adapter"), "");
    }
    try (Scope home = Scope.detached();
        Scope scope = Scope.open()) {
      var again =
          StageTwoModel.load(Speech.OPT, home, setup(LoraSettings.of(folder.resolve("adapter"))));

      assertEquals(ended, loss(again));
    }
  }

  @Test
  void load_patterns_trainAndFreezeParameters() throws IOException {
    Tuning tuning =
        Tuning.NONE
            .withTrained(List.of("vision.layers.1.*", "language.layers.0.mlp.up.weight"))
            .withFrozen(List.of("*.bias"));
    try (Scope home = Scope.detached()) {
      StageTwoSetup setup =
          StageTwoSetup.lavis().withFrozenPrecision(Precision.BFLOAT16).with(tuning);
      var model = StageTwoModel.load(Speech.OPT, home, setup);

      model
          .parameters()
          .forEach(
              (name, parameter) -> {
                boolean own = name.matches("(visionNorm|queryTokens|qformer|projection).*");
                boolean chosen =
                    name.startsWith("vision.layers.1.")
                        || name.equals("language.layers.0.mlp.up.weight");
                assertEquals(
                    (own || chosen) && !name.endsWith(".bias"), parameter.isTrained(), name);
              });
    }
  }

  @Test
  void load_targetOrPatternOfNothing_namesThoseNearIt() {
    assertEquals(
        "lora: target expected to name a linear map, got 'q_projj'; near it are q_proj, k_proj,"
            + " v_proj, out_proj, query",
        refused(setup(LoraSettings.of("q_projj"))));
    assertEquals(
        "lora: linear maps expected that are stored alone, got"
            + " vision_model.encoder.layers.0.self_attn.qkv, query, key and value in one; choose"
            + " others",
        refused(setup(LoraSettings.of("qkv"))));
    assertEquals(
        "train: a parameter expected to be trained, got all of them frozen; freeze fewer",
        refused(StageTwoSetup.lavis().with(Tuning.NONE.withFrozen(List.of("*")))));
  }

  private static String refused(StageTwoSetup setup) {
    try (Scope home = Scope.detached()) {
      return String.valueOf(
          assertThrows(
                  IllegalArgumentException.class, () -> StageTwoModel.load(Speech.OPT, home, setup))
              .getMessage());
    }
  }

  @Test
  void export_whatTheFormatLacks_isRefused() throws IOException {
    try (Scope home = Scope.detached()) {
      var both =
          new StageTwoExport(
              StageTwoModel.load(
                  Speech.OPT, home, StageTwoSetup.lavis().with(Tuning.NONE.withLora(SETTINGS))));

      assertTrue(
          String.valueOf(assertThrows(CheckpointException.class, both::requirePeft).getMessage())
              .startsWith("export: LoRA alone expected to be trained for an adapter, got "));
      assertTrue(
          String.valueOf(assertThrows(CheckpointException.class, both::requireLavis).getMessage())
              .startsWith(
                  "export: language model expected frozen for LAVIS's file, got language."));
    }
  }

  private static double mean(List<Double> numbers) {
    return numbers.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  private void train(StageTwoSetup setup, String run, long steps, boolean resume)
      throws IOException {
    var schedule = new Schedule.WarmupCosine(1e-2, 1e-3, 20, new Warmup(1e-3, 3));
    var settings =
        TrainingSettings.of(folder.resolve(run), schedule)
            .withEpochs(20)
            .withMaxSteps(steps)
            .withLogEvery(1);
    try (Scope home = Scope.detached()) {
      StageTwoModel model = StageTwoModel.load(Speech.OPT, home, setup);
      CaptionBatches batches = Speech.batches(folder, 2);
      var groups = ParameterGroup.of(model.parameters().values(), 0.05);
      try (var optimizer = new AdamW(groups, AdamWRule.DEFAULT);
          var tokenizer = model.openTokenizer()) {
        var training = StageTwoTraining.of(model, tokenizer);
        var trainer = new Trainer<>(training, batches, optimizer, settings);
        if (resume) {
          trainer.resume(recording());
        } else {
          trainer.start(recording());
        }
      }
    }
  }

  private TrainingListener recording() {
    return new TrainingListener() {
      @Override
      public void stepped(StepReport report) {
        losses.add(report.losses().get("loss"));
      }
    };
  }
}
