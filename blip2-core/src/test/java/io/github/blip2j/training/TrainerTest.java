package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.training.Toy.ToyBatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(InScope.class)
final class TrainerTest {
  private final Path folder;
  private final Toy toy = new Toy(7, 0);

  TrainerTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void release() {
    toy.close();
  }

  private TrainingSettings settings() {
    return TrainingSettings.of(folder, Schedule.Constant.of(0.02)).withLogEvery(1);
  }

  /** Collects what is reported. */
  private static final class Reports implements TrainingListener {
    final List<StepReport> steps = new ArrayList<>();
    final List<String> files = new ArrayList<>();

    @Override
    public void stepped(StepReport report) {
      steps.add(report);
    }

    @Override
    public void saved(Path checkpoint, TrainingPosition position) {
      files.add(checkpoint.getFileName() + " at " + position.step());
    }

    double loss(int index) {
      return steps.get(index).losses().getOrDefault("loss", Double.NaN);
    }
  }

  @Test
  void start_regression_isLearnt() throws IOException {
    Reports reports = new Reports();
    TrainingSettings settings = settings().withEpochs(40).withCheckpointEvery(150).withKeep(1);

    TrainingPosition end =
        new Trainer<>(toy::losses, Toy.source(5, 8), toy.optimizer, settings).start(reports);

    assertEquals(new TrainingPosition(200, 40, 0), end);
    assertEquals(200, reports.steps.size());
    assertTrue(
        reports.loss(199) < 0.1 * reports.loss(0),
        () -> "from " + reports.loss(0) + " to " + reports.loss(199));
    assertEquals(
        List.of("step-00000150.safetensors at 150", "step-00000200.safetensors at 200"),
        reports.files);
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(
          List.of("log.jsonl", "step-00000200.safetensors"),
          files.map(file -> String.valueOf(file.getFileName())).sorted().toList());
    }
  }

  @Test
  void start_frozenParameters_stayAndHaveNoState() throws IOException {
    float[] before = value("frozen.weight");

    new Trainer<>(toy::losses, Toy.source(5, 8), toy.optimizer, settings())
        .start(TrainingListener.NONE);

    assertArrayEquals(before, value("frozen.weight"));
    assertTrue(toy.optimizer.state().keySet().stream().noneMatch(name -> name.contains("frozen")));
  }

  @Test
  void start_gradientsOfTwoHalves_moveLikeTheWhole() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    TrainingSettings halves = settings().withAccumulate(2).withMaxSteps(4).withEpochs(4);
    TrainingSettings whole =
        TrainingSettings.of(other, Schedule.Constant.of(0.02)).withMaxSteps(4).withEpochs(4);

    try (Toy twin = new Toy(7, 0)) {
      new Trainer<>(toy::losses, Toy.source(2, 8), toy.optimizer, halves)
          .start(TrainingListener.NONE);
      new Trainer<>(twin::losses, Toy.source(1, 16), twin.optimizer, whole)
          .start(TrainingListener.NONE);

      assertArrayEquals(twin.weights(), toy.weights(), 1e-5f);
    }
  }

  @Test
  void start_batchesThatFillNoUpdate_areDropped() throws IOException {
    Reports reports = new Reports();
    TrainingSettings settings = settings().withAccumulate(2).withEpochs(2);

    TrainingPosition end =
        new Trainer<>(toy::losses, Toy.source(5, 4), toy.optimizer, settings).start(reports);

    assertEquals(new TrainingPosition(4, 2, 0), end);
    assertEquals(new TrainingPosition(2, 0, 4), reports.steps.get(1).position());
    assertEquals(new TrainingPosition(3, 1, 2), reports.steps.get(2).position());
    assertNull(toy.optimizer.parameters().get(0).gradient());
  }

  @Test
  void start_schedule_isAskedForTheLastBatchOfEachUpdate() throws IOException {
    Reports reports = new Reports();
    Schedule schedule = new Schedule.WarmupCosine(1e-2, 0, 2, new Warmup(0, 10));
    TrainingSettings settings =
        TrainingSettings.of(folder, schedule).withLogEvery(1).withAccumulate(2).withEpochs(2);

    new Trainer<>(toy::losses, Toy.source(4, 4), toy.optimizer, settings).start(reports);

    assertEquals(
        List.of(1e-3, 3e-3, 5e-3, 5e-3), reports.steps.stream().map(StepReport::lr).toList());
  }

  @Test
  void start_shortClipNorm_shortensTheGradient() throws IOException {
    Reports reports = new Reports();
    TrainingSettings settings = settings().withClipNorm(1e-3).withMaxSteps(1);

    new Trainer<>(toy::losses, Toy.source(5, 8), toy.optimizer, settings).start(reports);

    // The first mean is a tenth of the gradient, the report names the gradient before clipping.
    double length = 0;
    for (var entry : toy.optimizer.state().entrySet()) {
      length += entry.getKey().startsWith("m.") ? entry.getValue().squaredNorm() : 0;
    }
    assertEquals(1e-4, Math.sqrt(length), 1e-7);
    assertTrue(reports.steps.get(0).gradientNorm() > 0.1);
  }

  @Test
  void start_log_holdsOneObjectALine() throws IOException {
    TrainingSettings settings = settings().withLogEvery(2).withEpochs(1);
    AtomicLong clock = new AtomicLong();
    CheckpointFolder checkpoints =
        new CheckpointFolder(folder, toy.optimizer, (file, name, bytes) -> file.write(name, bytes));
    Reports reports = new Reports();

    new Trainer<>(
            Toy.source(5, 8),
            settings,
            new TrainStep<>(toy::losses, toy.optimizer, settings),
            checkpoints,
            () -> clock.getAndAdd(500_000_000))
        .start(reports);

    List<String> lines = Toy.log(folder).lines().toList();
    assertEquals(3, lines.size());
    assertTrue(lines.get(2).startsWith("{\"step\":5,\"epoch\":0,\"event\":\"end\","), lines.get(2));
    StepReport report = reports.steps.get(1);
    assertEquals(
        String.format(
            Locale.ROOT,
            "{\"step\":4,\"epoch\":0,\"lr\":0.02,\"loss\":%s,\"loss_error\":%s,\"grad_norm\":%s}",
            report.losses().get("loss"),
            report.losses().get("loss_error"),
            report.gradientNorm()),
        lines.get(1));
    assertEquals(2 * report.losses().getOrDefault("loss_error", 0.0), reports.loss(1), 1e-6);
  }

  @Test
  void stepped_batchesPerEpochKnown_tellsTheTimeLeft() throws IOException {
    TrainingSettings settings = settings().withEpochs(3);
    AtomicLong clock = new AtomicLong();
    CheckpointFolder checkpoints =
        new CheckpointFolder(folder, toy.optimizer, (file, name, bytes) -> file.write(name, bytes));
    Reports reports = new Reports();
    BatchSource<ToyBatch> source =
        new BatchSource<>() {
          @Override
          public Stream<ToyBatch> open(int epoch, long first) throws IOException {
            return Toy.source(5, 8).open(epoch, first);
          }

          @Override
          public OptionalLong batchesPerEpoch() {
            return OptionalLong.of(5);
          }
        };

    new Trainer<>(
            source,
            settings,
            new TrainStep<>(
                (batch, pass) -> {
                  clock.addAndGet(2_000_000_000);
                  return toy.losses(batch, pass);
                },
                toy.optimizer,
                settings),
            checkpoints,
            clock::get)
        .start(reports);

    assertEquals(
        List.of(28L, 26L, 24L),
        reports.steps.stream()
            .limit(3)
            .map(report -> report.remaining() == null ? -1 : report.remaining().toSeconds())
            .toList());
  }

  @Test
  void start_epochWithoutAWholeUpdate_isRefused() {
    TrainingSettings settings = settings().withAccumulate(3).withEpochs(2);
    var trainer = new Trainer<>(toy::losses, Toy.source(2, 4), toy.optimizer, settings);

    var refused =
        assertThrows(IllegalStateException.class, () -> trainer.start(TrainingListener.NONE));

    assertEquals(
        "training: epoch 0 expected at least accumulate=3 batches, got fewer; accumulate less, or"
            + " make smaller batches",
        refused.getMessage());
  }

  @Test
  void start_knownNumberOfBatchesBelowAnUpdate_isRefusedBeforeTheFirst() {
    BatchSource<ToyBatch> known =
        new BatchSource<>() {
          @Override
          public Stream<ToyBatch> open(int epoch, long first) {
            throw new AssertionError("opened");
          }

          @Override
          public OptionalLong batchesPerEpoch() {
            return OptionalLong.of(2);
          }
        };
    var trainer = new Trainer<>(toy::losses, known, toy.optimizer, settings().withAccumulate(3));

    assertThrows(IllegalStateException.class, () -> trainer.start(TrainingListener.NONE));
  }

  @Test
  void start_withoutLimit_takesWhatTheSourceDecides() throws IOException {
    Reports reports = new Reports();
    BatchSource<ToyBatch> growing = (epoch, first) -> Toy.source(epoch + 1, 4).open(epoch, first);

    new Trainer<>(toy::losses, growing, toy.optimizer, settings().withEpochs(3)).start(reports);

    assertEquals(6, reports.steps.size());
    assertNull(reports.steps.get(0).remaining());
    assertFalse(reports.files.isEmpty());
  }

  @Test
  void stop_duringAnUpdate_endsAfterItWithACheckpoint() throws IOException {
    List<Trainer<ToyBatch>> self = new ArrayList<>();
    Reports reports = new Reports();
    BatchSource<ToyBatch> stopping =
        (epoch, first) ->
            Toy.source(5, 4)
                .open(epoch, first)
                .peek(
                    batch -> {
                      if (reports.steps.size() == 2) {
                        self.get(0).stop();
                      }
                    });
    var trainer = new Trainer<>(toy::losses, stopping, toy.optimizer, settings());
    self.add(trainer);

    TrainingPosition end = trainer.start(reports);

    assertEquals(new TrainingPosition(3, 0, 3), end);
    assertEquals(List.of("step-00000003.safetensors at 3"), reports.files);
  }

  @Test
  void start_sourceThatCantRead_saysWhatItSaid() {
    BatchSource<ToyBatch> broken =
        (epoch, first) ->
            Toy.source(5, 4)
                .open(epoch, first)
                .peek(
                    batch -> {
                      throw new UncheckedIOException(new IOException("a.jpg: damaged"));
                    });
    var trainer = new Trainer<>(toy::losses, broken, toy.optimizer, settings());

    var e = assertThrows(IOException.class, () -> trainer.start(TrainingListener.NONE));

    assertEquals("a.jpg: damaged", e.getMessage());
  }

  private float[] value(String name) {
    var parameter = toy.params.all().get(name);
    return parameter == null ? new float[0] : parameter.value().toFloats();
  }
}
