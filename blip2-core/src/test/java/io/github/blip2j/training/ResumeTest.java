package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class ResumeTest {
  private final Path folder;

  ResumeTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** Two batches an update, the fifth of each epoch dropped, dropout, clipping, a falling rate. */
  private TrainingSettings settings(String name) {
    Schedule schedule = new Schedule.WarmupCosine(0.02, 1e-4, 4, new Warmup(1e-3, 3));
    return TrainingSettings.of(folder.resolve(name), schedule)
        .withEpochs(4)
        .withAccumulate(2)
        .withClipNorm(0.5)
        .withLogEvery(1)
        .withKeep(9);
  }

  private static Trainer<Toy.ToyBatch> trainer(Toy toy, TrainingSettings settings) {
    return trainer(toy, Toy.source(5, 4), settings);
  }

  private static Trainer<Toy.ToyBatch> trainer(
      Toy toy, BatchSource<Toy.ToyBatch> source, TrainingSettings settings) {
    AtomicLong clock = new AtomicLong();
    return new Trainer<>(
        source,
        settings,
        new TrainStep<>(toy::losses, toy.optimizer, settings),
        new CheckpointFolder(
            settings.output(), toy.optimizer, (file, name, bytes) -> file.write(name, bytes)),
        () -> clock.getAndAdd(1_000_000_000));
  }

  private byte[] bytes(String run, String file) throws IOException {
    return Files.readAllBytes(folder.resolve(run).resolve(file));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5}) // after 2 and 4 an epoch ends
  void resume_afterAnyStep_endsWithTheSameBits(int stop) throws IOException {
    try (Toy whole = new Toy(7, 0.25);
        Toy stopped = new Toy(7, 0.25);
        Toy resumed = new Toy(99, 0.25)) {
      trainer(whole, settings("whole").withMaxSteps(6)).start(TrainingListener.NONE);
      trainer(stopped, settings("parts").withMaxSteps(stop)).start(TrainingListener.NONE);
      TrainingPosition end =
          trainer(resumed, settings("parts").withMaxSteps(6)).resume(TrainingListener.NONE);

      assertEquals(new TrainingPosition(6, 2, 4), end);
      assertArrayEquals(whole.weights(), resumed.weights());
      assertFalse(Arrays.equals(stopped.weights(), resumed.weights()));
    }
    assertArrayEquals(
        bytes("whole", "step-00000006.safetensors"), bytes("parts", "step-00000006.safetensors"));
    assertEquals(Toy.log(folder.resolve("whole")), Toy.log(folder.resolve("parts")));
  }

  @Test
  void resume_roundedFactors_endsWithTheSameBits() throws IOException {
    try (Toy whole = new Toy(7, 0.25, Precision.BFLOAT16);
        Toy stopped = new Toy(7, 0.25, Precision.BFLOAT16);
        Toy resumed = new Toy(99, 0.25, Precision.BFLOAT16);
        Toy exact = new Toy(7, 0.25)) {
      trainer(whole, rounded("whole").withMaxSteps(6)).start(TrainingListener.NONE);
      trainer(stopped, rounded("parts").withMaxSteps(3)).start(TrainingListener.NONE);
      trainer(resumed, rounded("parts").withMaxSteps(6)).resume(TrainingListener.NONE);
      trainer(exact, settings("exact").withMaxSteps(6)).start(TrainingListener.NONE);

      assertArrayEquals(whole.weights(), resumed.weights());
      assertFalse(Arrays.equals(whole.weights(), exact.weights()));
    }
    assertArrayEquals(
        bytes("whole", "step-00000006.safetensors"), bytes("parts", "step-00000006.safetensors"));
  }

  private TrainingSettings rounded(String name) {
    return settings(name).withPrecision(Precision.BFLOAT16);
  }

  @Test
  void resume_afterAKillBetweenCheckpoints_logsEachStepOnce() throws IOException {
    try (Toy whole = new Toy(7, 0.25);
        Toy killed = new Toy(7, 0.25)) {
      TrainingSettings settings = settings("whole").withMaxSteps(6).withCheckpointEvery(2);
      trainer(whole, settings).start(TrainingListener.NONE);
      String log = Toy.log(folder.resolve("whole"));
      Files.delete(folder.resolve("whole/step-00000006.safetensors"));
      Files.delete(folder.resolve("whole/step-00000004.safetensors"));
      Files.writeString(
          folder.resolve("whole/log.jsonl"), "{\"step\":7,\"ep", StandardOpenOption.APPEND);

      trainer(killed, settings).resume(TrainingListener.NONE);

      assertEquals(log, Toy.log(folder.resolve("whole")));
      assertArrayEquals(whole.weights(), killed.weights());
    }
  }

  @Test
  void start_dropout_drawsOtherNumbersInEveryStepAndForEverySeed() throws IOException {
    assertEquals(StepRandom.of(42, 7).nextLong(), StepRandom.of(42, 7).nextLong());
    long[] firsts = {
      StepRandom.of(42, 0).nextLong(),
      StepRandom.of(42, 1).nextLong(),
      StepRandom.of(43, 0).nextLong(),
      StepRandom.of(43, 1).nextLong()
    };
    assertEquals(4, Arrays.stream(firsts).distinct().count());

    try (Toy one = new Toy(7, 0.25);
        Toy two = new Toy(7, 0.25)) {
      trainer(one, settings("one")).start(TrainingListener.NONE);
      trainer(two, settings("two").withSeed(43)).start(TrainingListener.NONE);

      assertFalse(Arrays.equals(one.weights(), two.weights()));
    }
  }

  @Test
  void resume_withoutCheckpoint_isRefused() {
    try (Toy toy = new Toy(7, 0)) {
      var trainer = trainer(toy, settings("none"));

      var refused =
          assertThrows(IllegalStateException.class, () -> trainer.resume(TrainingListener.NONE));

      assertEquals(
          String.format(
              Locale.ROOT,
              "training: checkpoint expected in %s, got none; start instead",
              folder.resolve("none")),
          refused.getMessage());
    }
  }

  @Test
  void start_overCheckpoints_isRefused() throws IOException {
    try (Toy toy = new Toy(7, 0)) {
      trainer(toy, settings("run").withMaxSteps(3)).start(TrainingListener.NONE);
      byte[] log = bytes("run", TrainingLog.NAME);
      var again = trainer(toy, settings("run"));

      var refused =
          assertThrows(IllegalStateException.class, () -> again.start(TrainingListener.NONE));

      assertEquals(
          String.format(
              Locale.ROOT,
              "training: folder without checkpoints expected, got %s; resume it or choose another",
              folder.resolve("run").resolve("step-00000003.safetensors")),
          refused.getMessage());
      assertArrayEquals(log, bytes("run", TrainingLog.NAME));
    }
  }

  @Test
  void resume_withOtherSizes_isRefused() throws IOException {
    var sizes = Map.of("batch_size", 4L, "records", 20L);
    try (Toy toy = new Toy(7, 0)) {
      TrainingSettings settings = settings("run").withMaxSteps(3);
      trainer(toy, new Sized(sizes), settings).start(TrainingListener.NONE);
      float[] before = toy.weights();

      String message =
          "step-00000003.safetensors: %s expected %d, with which the run was started, got %d from the"
              + " settings of this resume; resume with %2$d";
      assertRefused(
          trainer(toy, new Sized(sizes), settings.withAccumulate(1)),
          String.format(Locale.ROOT, message, "accumulate", 2, 1));
      assertRefused(
          trainer(toy, new Sized(Map.of("batch_size", 5L, "records", 20L)), settings),
          String.format(Locale.ROOT, message, "batch_size", 4, 5));
      assertRefused(
          trainer(toy, new Sized(Map.of("batch_size", 4L, "records", 21L)), settings),
          String.format(Locale.ROOT, message, "records", 20, 21));
      assertArrayEquals(before, toy.weights());
    }
  }

  @Test
  void resume_fromACheckpointWithoutSizes_goesOn() throws IOException {
    try (Toy toy = new Toy(7, 0)) {
      TrainingSettings settings = settings("run").withMaxSteps(3);
      trainer(toy, settings).start(TrainingListener.NONE);

      TrainingPosition end =
          trainer(toy, new Sized(Map.of("records", 20L)), settings.withMaxSteps(4))
              .resume(TrainingListener.NONE);

      assertEquals(4, end.step());
    }
  }

  private static void assertRefused(Trainer<Toy.ToyBatch> trainer, String message) {
    var refused =
        assertThrows(CheckpointException.class, () -> trainer.resume(TrainingListener.NONE));

    assertEquals(message, refused.getMessage());
  }

  /** A source that tells its sizes. */
  private record Sized(Map<String, Long> sizes) implements BatchSource<Toy.ToyBatch> {
    @Override
    public Stream<Toy.ToyBatch> open(int epoch, long first) throws IOException {
      return Toy.source(5, 4).open(epoch, first);
    }
  }

  @Test
  void resume_withAnotherSeed_isRefused() throws IOException {
    try (Toy toy = new Toy(7, 0)) {
      trainer(toy, settings("run").withMaxSteps(3)).start(TrainingListener.NONE);
      float[] before = toy.weights();
      var other = trainer(toy, settings("run").withSeed(5));

      var refused =
          assertThrows(CheckpointException.class, () -> other.resume(TrainingListener.NONE));

      assertEquals(
          "step-00000003.safetensors: seed expected 42, with which the run was started, got 5 from the settings of this resume; resume with 42",
          refused.getMessage());
      assertArrayEquals(before, toy.weights());
    }
  }
}
