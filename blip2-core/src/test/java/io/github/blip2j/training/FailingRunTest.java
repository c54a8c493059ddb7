package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.training.Toy.ToyBatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a run leaves that fails: its last update, and what was there before. */
@ExtendWith(InScope.class)
final class FailingRunTest {
  private static final int BATCHES = 5;
  private static final int SIZE = 4;

  private final Path folder;
  private final Toy toy = new Toy(7, 0.25);

  FailingRunTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void release() {
    toy.close();
  }

  /** What befalls the second batch of an update, when the first has left its gradients. */
  private enum Trouble {
    DAMAGED(IOException.class) {
      @Override
      void strike(Path file) {
        throw new UncheckedIOException(new IOException(file + ": damaged"));
      }
    },
    INTERRUPTED(ClosedByInterruptException.class) {
      @Override
      void strike(Path file) {
        Thread.currentThread().interrupt();
        try (FileChannel channel = FileChannel.open(file)) {
          channel.read(ByteBuffer.allocate(1));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    },
    NO_MEMORY(OutOfMemoryError.class) {
      @Override
      void strike(Path file) {
        throw new OutOfMemoryError("as if");
      }
    };

    private final Class<? extends Throwable> thrown;

    Trouble(Class<? extends Throwable> thrown) {
      this.thrown = thrown;
    }

    abstract void strike(Path file);
  }

  /** Two batches an update, the fifth of each epoch dropped. */
  private TrainingSettings settings(String name) {
    Schedule schedule = new Schedule.WarmupCosine(0.02, 1e-4, 4, new Warmup(1e-3, 3));
    return TrainingSettings.of(folder.resolve(name), schedule)
        .withEpochs(4)
        .withAccumulate(2)
        .withClipNorm(0.5)
        .withLogEvery(1)
        .withMaxSteps(6);
  }

  private Trainer<ToyBatch> trainer(
      Toy learner, BatchSource<ToyBatch> source, TrainingSettings settings) {
    return trainer(learner, source, settings, SafetensorsWriter::write);
  }

  private Trainer<ToyBatch> trainer(
      Toy learner,
      BatchSource<ToyBatch> source,
      TrainingSettings settings,
      CheckpointFolder.Pipe pipe) {
    AtomicLong clock = new AtomicLong();
    return new Trainer<>(
        source,
        settings,
        new TrainStep<>(learner::losses, learner.optimizer, settings),
        new CheckpointFolder(settings.output(), learner.optimizer, pipe),
        () -> clock.getAndAdd(1_000_000_000));
  }

  /** Batches of which the one at this place makes trouble. */
  private BatchSource<ToyBatch> striking(int epoch, int place, Runnable trouble) {
    return (each, first) -> {
      long[] at = {first};
      return Toy.source(BATCHES, SIZE)
          .open(each, first)
          .peek(
              batch -> {
                if (at[0]++ == place && each == epoch) {
                  trouble.run();
                }
              });
    };
  }

  private List<String> checkpoints(String run) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(run))) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> !name.equals(TrainingLog.NAME))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @EnumSource(Trouble.class)
  void start_thatFails_isResumedToTheSameBits(Trouble trouble) throws IOException {
    Path file = Files.writeString(folder.resolve("picture"), "data");
    var source = striking(1, 3, () -> trouble.strike(file)); // in the second update of epoch 1

    try (Toy whole = new Toy(7, 0.25);
        Toy resumed = new Toy(99, 0.25)) {
      trainer(whole, Toy.source(BATCHES, SIZE), settings("whole")).start(TrainingListener.NONE);
      var thrown =
          assertThrows(
              trouble.thrown,
              () -> trainer(toy, source, settings("parts")).start(TrainingListener.NONE));
      boolean interrupted = Thread.interrupted();

      assertEquals(trouble == Trouble.INTERRUPTED, interrupted);
      assertEquals(0, thrown.getSuppressed().length);
      assertEquals(List.of("step-00000003.safetensors"), checkpoints("parts"));

      trainer(resumed, Toy.source(BATCHES, SIZE), settings("parts")).resume(TrainingListener.NONE);

      assertArrayEquals(whole.weights(), resumed.weights());
    }
    String name = "step-00000006.safetensors";
    assertEquals(
        -1, Files.mismatch(folder.resolve("whole/" + name), folder.resolve("parts/" + name)));
    assertEquals(Toy.log(folder.resolve("whole")), Toy.log(folder.resolve("parts")));
  }

  @Test
  void start_thatFailsWhereAnEpochBegins_isResumedToTheSameBits() throws IOException {
    var source = striking(1, 0, () -> Trouble.DAMAGED.strike(folder));
    try (Toy whole = new Toy(7, 0.25)) {
      trainer(whole, Toy.source(BATCHES, SIZE), settings("whole")).start(TrainingListener.NONE);
      assertThrows(
          IOException.class,
          () -> trainer(toy, source, settings("parts")).start(TrainingListener.NONE));

      trainer(toy, Toy.source(BATCHES, SIZE), settings("parts")).resume(TrainingListener.NONE);

      assertArrayEquals(whole.weights(), toy.weights());
    }
  }

  @Test
  void start_interruptedWithoutReading_logsAndSavesAsEver() throws IOException {
    TrainingSettings settings = settings("run").withCheckpointEvery(1).withKeep(9);
    var source = striking(1, 3, () -> Thread.currentThread().interrupt());

    TrainingPosition end = trainer(toy, source, settings).start(TrainingListener.NONE);

    assertTrue(Thread.interrupted());
    assertEquals(6, end.step());
    assertEquals(6, checkpoints("run").size());
    assertEquals(6, Files.readAllLines(folder.resolve("run").resolve(TrainingLog.NAME)).size());
  }

  @Test
  void start_thatFailsBeforeAnUpdate_leavesNothing() throws IOException {
    var source = striking(0, 1, () -> Trouble.DAMAGED.strike(folder));

    assertThrows(
        IOException.class,
        () -> trainer(toy, source, settings("run")).start(TrainingListener.NONE));

    assertEquals(List.of(), checkpoints("run"));
  }

  @Test
  void start_thatFails_removesNoOlderCheckpoint() throws IOException {
    TrainingSettings settings = settings("run").withCheckpointEvery(2).withKeep(1);
    var source = striking(1, 3, () -> Trouble.DAMAGED.strike(folder));

    assertThrows(
        IOException.class, () -> trainer(toy, source, settings).start(TrainingListener.NONE));

    assertEquals(
        List.of("step-00000002.safetensors", "step-00000003.safetensors"), checkpoints("run"));
  }

  @Test
  void start_thatCanNotEvenSave_throwsWhatWentWrongFirst() throws IOException {
    var source = striking(1, 3, () -> Trouble.DAMAGED.strike(folder));
    var trainer =
        trainer(
            toy,
            source,
            settings("run"),
            (file, name, bytes) -> {
              throw new IOException("No space left on device");
            });

    var thrown = assertThrows(IOException.class, () -> trainer.start(TrainingListener.NONE));

    assertEquals(folder + ": damaged", thrown.getMessage());
    assertEquals(
        List.of(
            "step-00000003.safetensors: checkpoint expected to be written, got No space left on"
                + " device; there is none before it; make room and resume"),
        Stream.of(thrown.getSuppressed()).map(Throwable::getMessage).toList());
    assertEquals(List.of(), checkpoints("run"));
  }

  @Test
  void start_checkpointThatCanNotBeWritten_isNotTriedAgain() {
    int[] tries = {0};
    var trainer =
        trainer(
            toy,
            Toy.source(BATCHES, SIZE),
            settings("run").withCheckpointEvery(2),
            (file, name, bytes) -> {
              tries[0]++;
              throw new IOException("No space left on device");
            });

    var thrown = assertThrows(IOException.class, () -> trainer.start(TrainingListener.NONE));

    assertTrue(String.valueOf(thrown.getMessage()).startsWith("step-00000002.safetensors"));
    assertEquals(1, tries[0]);
    assertEquals(0, thrown.getSuppressed().length);
  }

  @Test
  void start_moveThatFailsHalfway_savesNothing() throws IOException {
    var source = striking(1, 3, toy.optimizer::close); // the state is gone when it is to move

    var thrown =
        assertThrows(
            RuntimeException.class,
            () -> trainer(toy, source, settings("run")).start(TrainingListener.NONE));

    assertFalse(thrown instanceof TrainingDivergedException);
    assertEquals(0, thrown.getSuppressed().length);
    assertEquals(List.of(), checkpoints("run"));
  }
}
