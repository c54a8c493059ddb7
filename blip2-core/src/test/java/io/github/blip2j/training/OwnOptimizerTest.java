package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs with an optimiser that implements the interface by itself, a schedule and a state of one's
 * own.
 */
@ExtendWith(InScope.class)
final class OwnOptimizerTest {
  private final Path folder;
  private final Toy toy = new Toy(7, 0.25);

  OwnOptimizerTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void release() {
    toy.close();
  }

  /** Momentum: one velocity of float64 for all parameters, in one tensor, and a count in it. */
  private static final class Momentum implements Optimizer {
    private final List<Parameter> parameters;
    private final Map<String, Double> constants;
    private final String stateName;
    private final Scope home = Scope.detached();
    private final Tensor velocity;
    double poison;

    Momentum(Toy toy, double mu, String stateName) {
      this(toy.optimizer.parameters(), mu, stateName);
    }

    Momentum(List<Parameter> parameters, double mu, String stateName) {
      this.parameters = parameters;
      this.constants = Map.of("mu", mu);
      this.stateName = stateName;
      long all = parameters.stream().mapToLong(p -> p.value().size()).sum();
      this.velocity = home.adopt(Tensor.zeros(DType.FLOAT64, all));
    }

    @Override
    public String name() {
      return "momentum";
    }

    @Override
    public Map<String, Double> constants() {
      return constants;
    }

    @Override
    public List<Parameter> parameters() {
      return parameters;
    }

    @Override
    public void step(double lr, double gradientScale) {
      try (var off = GradMode.noGrad();
          Scope scope = Scope.open()) {
        velocity.scaleInPlace(constants.getOrDefault("mu", 0.0));
        long at = 0;
        for (Parameter parameter : parameters) {
          Tensor own = velocity.narrow(0, at, parameter.value().size());
          Tensor gradient = parameter.gradient();
          if (gradient != null) {
            own.addInPlace(gradient.reshape(gradient.size()).to(DType.FLOAT64).mul(gradientScale));
          }
          long[] shape = parameter.value().shape().toArray();
          parameter.value().addInPlace(own.mul(-lr).to(DType.FLOAT32).reshape(shape).copy());
          if (poison != 0) {
            parameter.value().scaleInPlace(poison);
          }
          at += parameter.value().size();
        }
      }
    }

    @Override
    public Map<String, Tensor> state() {
      return Map.of(stateName, velocity);
    }

    @Override
    public void restore(StateSource source) throws IOException {
      try (Scope scope = Scope.open()) {
        velocity.copyInPlace(source.read(stateName, DType.FLOAT64, velocity.shape()));
      }
    }

    @Override
    public void close() {
      home.close();
    }
  }

  private TrainingSettings settings(String name) {
    return TrainingSettings.of(folder.resolve(name), (epoch, step) -> 0.01 / (1 + epoch))
        .withEpochs(4)
        .withAccumulate(2)
        .withClipNorm(0.5)
        .withMaxSteps(6);
  }

  private static Trainer<Toy.ToyBatch> trainer(
      Toy toy, Optimizer optimizer, TrainingSettings settings) {
    return new Trainer<>(toy::losses, Toy.source(5, 4), optimizer, settings);
  }

  @Test
  void trainer_optimizerWithoutParameters_isRefused() {
    try (var momentum = new Momentum(List.of(), 0.9, "velocity")) {
      var refused =
          assertThrows(
              IllegalArgumentException.class, () -> trainer(toy, momentum, settings("run")));

      assertEquals(
          "training: at least one parameter expected of optimizer momentum, got none; give it those"
              + " that are to learn",
          refused.getMessage());
    }
  }

  @Test
  void resume_ownOptimizer_endsWithTheSameBits() throws IOException {
    try (Toy other = new Toy(99, 0.25);
        var whole = new Momentum(toy, 0.9, "velocity");
        var parts = new Momentum(other, 0.9, "velocity")) {
      trainer(toy, whole, settings("whole")).start(TrainingListener.NONE);
      float[] expected = toy.weights();
      try (Toy stopped = new Toy(7, 0.25);
          var first = new Momentum(stopped, 0.9, "velocity")) {
        trainer(stopped, first, settings("parts").withMaxSteps(3)).start(TrainingListener.NONE);
      }
      trainer(other, parts, settings("parts")).resume(TrainingListener.NONE);

      assertArrayEquals(expected, other.weights());
    }
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("whole/step-00000006.safetensors")),
        Files.readAllBytes(folder.resolve("parts/step-00000006.safetensors")));
  }

  @Test
  void write_header_namesOptimizerConstantsAndSchedule() throws IOException {
    try (var momentum = new Momentum(toy, 0.9, "velocity")) {
      Schedule schedule = Schedule.Constant.of(0.1);
      var checkpoints = new CheckpointFolder(folder, momentum);
      var settings = TrainingSettings.of(folder, schedule);
      Path file = checkpoints.writeNamed("best", new TrainingPosition(3, 0, 3), settings);

      try (SafetensorsFile saved = SafetensorsFile.open(file)) {
        assertEquals("momentum", saved.metadata().get("optimizer"));
        assertEquals("0.9", saved.metadata().get("optimizer.mu"));
        assertEquals(schedule.toString(), saved.metadata().get("schedule"));
      }
      assertEquals(file, checkpoints.named("best"));
      assertEquals(new TrainingPosition(3, 0, 3), checkpoints.restore(file, settings));
    }
    assertEquals("a lambda", CheckpointHeader.text((epoch, step) -> 1));
    Schedule silent =
        new Schedule() {
          @Override
          public double at(int epoch, long step) {
            return 1;
          }
        };
    assertEquals(silent.getClass().getName(), CheckpointHeader.text(silent));
  }

  @Test
  void restore_stateOfAnotherNameOrShape_isRefusedBeforeAnythingChanges() throws IOException {
    try (var momentum = new Momentum(toy, 0.9, "velocity");
        var renamed = new Momentum(toy, 0.9, "speed");
        Toy wide = new Toy(7, 0)) {
      TrainingSettings settings = settings("run");
      Path file =
          new CheckpointFolder(settings.output(), momentum)
              .write(new TrainingPosition(3, 0, 3), settings);
      wide.params.all().values().forEach(Parameter::train);
      float[] before = toy.weights();
      assertRefused(
          renamed,
          file,
          settings,
          "tensors of this run expected, got 2 others (optimizer.speed is missing,"
              + " optimizer.velocity is not trained here); resume with the settings of its start, or start in another folder");
      try (var longer = new Momentum(List.copyOf(wide.params.all().values()), 0.9, "velocity")) {
        assertRefused(
            longer,
            file,
            settings,
            "tensors of this run expected, got 3 others (frozen.bias is missing, frozen.weight is"
                + " missing, optimizer.velocity is FLOAT64 [41], not FLOAT64 [47]); resume with the settings of its start, or start in another folder");
      }
      assertArrayEquals(before, toy.weights());
    }
  }

  private static void assertRefused(
      Optimizer optimizer, Path file, TrainingSettings settings, String message) {
    var thrown =
        assertThrows(
            CheckpointException.class,
            () -> new CheckpointFolder(settings.output(), optimizer).restore(file, settings));

    assertEquals("step-00000003.safetensors: " + message, thrown.getMessage());
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, -1e-9, Double.POSITIVE_INFINITY})
  void start_rateThatIsNone_isRefusedAndTheUpdateBeforeSaved(double rate) throws IOException {
    record Broken(double rate) implements Schedule {
      @Override
      public double at(int epoch, long step) {
        return epoch == 1 ? rate : 0.01;
      }
    }

    TrainingSettings settings =
        TrainingSettings.of(folder.resolve("run"), new Broken(rate)).withEpochs(3);
    var trainer = trainer(toy, toy.optimizer, settings);

    var thrown =
        assertThrows(IllegalArgumentException.class, () -> trainer.start(TrainingListener.NONE));

    assertEquals(
        "schedule: rate of epoch 1, batch 0 expected at least 0 and finite, got "
            + rate
            + " from Broken[rate="
            + rate
            + "]; mend the schedule and resume",
        thrown.getMessage());
    float[] kept = toy.weights();
    Path saved = folder.resolve("run").resolve("step-00000005.safetensors");
    new CheckpointFolder(settings.output(), toy.optimizer).restore(saved, settings);
    assertArrayEquals(kept, toy.weights());
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
  void start_optimizerThatLeavesNoNumbers_isNamedAndNotSaved(double poison) throws IOException {
    try (var momentum = new Momentum(toy, 0.9, "velocity")) {
      var trainer = trainer(toy, momentum, settings("run").withCheckpointEvery(2));
      TrainingListener poisoning =
          new TrainingListener() {
            @Override
            public void updated(TrainStep.Outcome outcome, RunControl run) {
              momentum.poison = outcome.position().step() == 3 ? poison : 0;
            }
          };

      var thrown = assertThrows(TrainingDivergedException.class, () -> trainer.start(poisoning));

      assertEquals(4, thrown.step());
      String message = String.valueOf(thrown.getMessage());
      assertEquals(
          "step 4: parameters expected finite after the update by momentum at a rate of 0.005, got"
              + " first.bias for samples",
          message.substring(0, message.indexOf(" s", message.indexOf("samples") - 8) + 8));
      var checkpoints = new CheckpointFolder(folder.resolve("run"), momentum);
      assertEquals(folder.resolve("run/step-00000002.safetensors"), checkpoints.newest());
    }
  }

  @Test
  void resume_checkpointOfTheFirstTrainer_goesOnAsItDid() throws IOException {
    Path golden = Fixtures.own("training/first-checkpoints");
    Path run = Files.createDirectory(folder.resolve("run"));
    Files.copy(
        golden.resolve("step-00000003.safetensors"),
        run.resolve("step-00000003.safetensors"),
        StandardCopyOption.REPLACE_EXISTING);
    Schedule schedule = new Schedule.WarmupCosine(0.02, 1e-4, 4, new Warmup(1e-3, 3));
    TrainingSettings settings =
        TrainingSettings.of(run, schedule)
            .withEpochs(4)
            .withAccumulate(2)
            .withClipNorm(0.5)
            .withMaxSteps(6);
    try (Toy other = new Toy(99, 0.25)) {
      trainer(other, other.optimizer, settings).resume(TrainingListener.NONE);
      float[] resumed = other.weights();

      new CheckpointFolder(run, other.optimizer)
          .withSizes(Map.of("accumulate", 2L))
          .restore(golden.resolve("step-00000006.safetensors"), settings);

      assertArrayEquals(other.weights(), resumed, 1e-6f);
    }
  }

  @Test
  void resume_otherConstants_areRefused() throws IOException {
    trainer(toy, toy.optimizer, settings("run").withMaxSteps(2)).start(TrainingListener.NONE);
    var groups = ParameterGroup.of(toy.params.all().values(), 0.05);
    try (var other = new AdamW(groups, AdamWRule.DEFAULT.withBeta2(0.98));
        var momentum = new Momentum(toy, 0.9, "velocity")) {
      var trainer = trainer(toy, other, settings("run"));
      var thrown =
          assertThrows(CheckpointException.class, () -> trainer.resume(TrainingListener.NONE));
      assertEquals(
          "step-00000002.safetensors: constants of adamW expected {beta1=0.9, beta2=0.999,"
              + " eps=1.0E-8}, with which the run was started, got {beta1=0.9, beta2=0.98,"
              + " eps=1.0E-8} from the settings of this resume; resume with {beta1=0.9, beta2=0.999,"
              + " eps=1.0E-8}",
          thrown.getMessage());
      var another = trainer(toy, momentum, settings("run"));
      thrown = assertThrows(CheckpointException.class, () -> another.resume(TrainingListener.NONE));
      assertEquals(
          "step-00000002.safetensors: optimizer expected adamW, with which the run was started, got"
              + " momentum from the settings of this resume; resume with adamW",
          thrown.getMessage());
    }
  }
}
