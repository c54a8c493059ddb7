package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.InScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What listeners hear of, and what they may ask for. */
@ExtendWith(InScope.class)
final class ListenerTest {
  private final Path folder;
  private final Toy toy = new Toy(7, 0);

  ListenerTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void release() {
    toy.close();
  }

  private TrainingSettings settings(String name) {
    return Toy.shortRun(folder.resolve(name));
  }

  private Trainer<Toy.ToyBatch> trainer(Toy learner, TrainingSettings settings) {
    return learner.trainer(settings);
  }

  private List<String> log(String name) throws IOException {
    return Toy.log(folder.resolve(name))
        .lines()
        .map(line -> line.replaceAll("\"(lr|loss\\w*|grad_norm)\":[^,}]*,?", ""))
        .map(line -> line.replace(",}", "}"))
        .toList();
  }

  private List<String> files(String name) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(name))) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  /** Writes down all calls. */
  private static final class Diary implements TrainingListener {
    final List<String> calls = new ArrayList<>();

    @Override
    public void started(TrainingPosition at, RunControl run) {
      calls.add("started " + at.step());
    }

    @Override
    public void updated(TrainStep.Outcome outcome, RunControl run) {
      calls.add("updated " + outcome.position().step());
    }

    @Override
    public void epochEnded(TrainingPosition at, RunControl run) {
      calls.add("epoch " + at.epoch() + " ended after " + at.step());
    }

    @Override
    public void stepped(StepReport report) {
      calls.add("stepped " + report.position().step() + " " + report.numbers());
    }

    @Override
    public void saved(Path file, TrainingPosition at) {
      calls.add("saved " + file.getFileName());
    }
  }

  /** Adds to the log what it is told, and asks for checkpoints. */
  private static final class Asking implements TrainingListener {
    @Override
    public void started(TrainingPosition at, RunControl run) {
      run.log("begin", (double) at.step());
    }

    @Override
    public void updated(TrainStep.Outcome outcome, RunControl run) {
      if (outcome.position().step() == 3) {
        run.log("third", 0.5);
        run.log("broken", Double.NaN);
        run.checkpoint("third");
      }
    }

    @Override
    public void epochEnded(TrainingPosition at, RunControl run) {
      run.log("epochs", at.epoch() + 1);
      run.checkpoint("epoch");
    }
  }

  @Test
  void start_hearsOfEverythingInOrder() throws IOException {
    Diary diary = new Diary();

    trainer(toy, settings("run").withEpochs(1)).start(new Asking().and(diary));

    assertEquals(
        List.of(
            "started 0",
            "updated 1",
            "updated 2",
            "stepped 2 {}",
            "saved step-00000002.safetensors",
            "updated 3",
            "stepped 3 {third=0.5, broken=NaN}",
            "saved third.safetensors",
            "epoch 0 ended after 3",
            "saved epoch.safetensors",
            "saved step-00000003.safetensors"),
        diary.calls);
  }

  @Test
  void start_numbers_areInTheLog() throws IOException {
    trainer(toy, settings("run")).start(new Asking());

    assertEquals(
        List.of(
            "{\"step\":0,\"epoch\":0,\"event\":\"start\",\"begin\":0.0}",
            "{\"step\":2,\"epoch\":0}",
            "{\"step\":3,\"epoch\":0,\"third\":0.5,\"broken\":null}",
            "{\"step\":3,\"epoch\":0,\"event\":\"epoch\",\"epochs\":1.0}",
            "{\"step\":4,\"epoch\":1}",
            "{\"step\":6,\"epoch\":1}",
            "{\"step\":6,\"epoch\":1,\"event\":\"epoch\",\"epochs\":2.0}"),
        log("run"));
    assertEquals(
        List.of("epoch.safetensors", "log.jsonl", "step-00000006.safetensors", "third.safetensors"),
        files("run"));
  }

  @ParameterizedTest
  @ValueSource(longs = {2, 3, 4})
  void resume_linesOfEvents_areThereOnce(long stop) throws IOException {
    TrainingListener once =
        new TrainingListener() {
          @Override
          public void epochEnded(TrainingPosition at, RunControl run) {
            run.log("epochs", at.epoch() + 1);
          }
        };
    trainer(toy, settings("whole")).start(once);
    try (Toy other = new Toy(7, 0)) {
      trainer(other, settings("parts").withMaxSteps(stop)).start(once);
      trainer(other, settings("parts")).resume(once);
    }

    assertEquals(log("whole"), log("parts"));
  }

  @Test
  void resumeFrom_named_goesOnAfterTheEpoch() throws IOException {
    trainer(toy, settings("run")).start(new Asking());
    try (Toy other = new Toy(9, 0)) {
      Diary diary = new Diary();
      TrainingPosition end =
          trainer(other, settings("again"))
              .resumeFrom(folder.resolve("run").resolve("third.safetensors"), diary);

      assertEquals(new TrainingPosition(6, 2, 0), end);
      assertEquals("started 3", diary.calls.get(0));
      assertEquals("epoch 0 ended after 3", diary.calls.get(1));
      assertArrayEquals(toy.weights(), other.weights());
    }
  }

  @Test
  void stop_byAListener_endsAfterTheUpdate() throws IOException {
    TrainingListener second =
        new TrainingListener() {
          @Override
          public void updated(TrainStep.Outcome outcome, RunControl run) {
            if (outcome.position().step() == 2) {
              run.stop();
            }
          }
        };

    assertEquals(2, trainer(toy, settings("run")).start(second).step());
  }

  @Test
  void start_listenerThatThrows_isNamedAndLosesNoWork() throws IOException {
    var cause = new ArithmeticException("/ by zero");
    TrainingListener failing =
        new TrainingListener() {
          @Override
          public void updated(TrainStep.Outcome outcome, RunControl run) {
            if (outcome.position().step() == 4) {
              run.log("last", 1);
              throw cause;
            }
          }
        };

    var thrown =
        assertThrows(
            ListenerException.class,
            () -> trainer(toy, settings("parts").withCheckpointEvery(9)).start(failing));

    assertEquals(
        "training: listener "
            + failing.getClass().getName()
            + " expected to return from updated after step 4, got java.lang.ArithmeticException: /"
            + " by zero; mend it and resume",
        thrown.getMessage());
    assertSame(cause, thrown.getCause());
    assertEquals(0, thrown.getSuppressed().length);
    assertEquals(List.of("log.jsonl", "step-00000004.safetensors"), files("parts"));
    assertEquals("{\"step\":4,\"epoch\":1,\"last\":1.0}", log("parts").get(1));
    try (Toy other = new Toy(9, 0);
        Toy whole = new Toy(7, 0)) {
      trainer(other, settings("parts")).resume(TrainingListener.NONE);
      trainer(whole, settings("whole")).start(TrainingListener.NONE);
      assertArrayEquals(whole.weights(), other.weights());
    }
  }

  @Test
  void start_listenerThatThrowsAtAnEpochsEnd_isCalledThereAgain() throws IOException {
    TrainingListener failing =
        new TrainingListener() {
          @Override
          public void epochEnded(TrainingPosition at, RunControl run) throws IOException {
            throw new IOException("val.json: gone");
          }
        };

    var thrown =
        assertThrows(ListenerException.class, () -> trainer(toy, settings("run")).start(failing));
    Diary diary = new Diary();
    trainer(toy, settings("run")).resume(diary);

    assertTrue(String.valueOf(thrown.getMessage()).contains("val.json: gone"));
    assertEquals(List.of("started 3", "epoch 0 ended after 3"), diary.calls.subList(0, 2));
  }
}
