package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.InScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
    return TrainingSettings.of(folder.resolve(name), Schedule.Constant.of(0.02))
        .withEpochs(2)
        .withLogEvery(2)
        .withCheckpointEvery(2)
        .withKeep(1);
  }

  private Trainer<Toy.ToyBatch> trainer(Toy learner, TrainingSettings settings) {
    return new Trainer<>(learner::losses, Toy.source(3, 4), learner.optimizer, settings);
  }

  private List<String> log(String name) throws IOException {
    return Files.readAllLines(folder.resolve(name).resolve(TrainingLog.NAME)).stream()
        .map(line -> line.replaceAll("\"(lr|loss\\w*|grad_norm|samples_per_s)\":[^,}]*,?", ""))
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
      run.log("begin", at.step());
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
        List.of(
            "epoch.safetensors", "log.jsonl", "step-00000006.safetensors", "third.safetensors"),
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
        assertThrows(
            ListenerException.class, () -> trainer(toy, settings("run")).start(failing));
    Diary diary = new Diary();
    trainer(toy, settings("run")).resume(diary);

    assertTrue(String.valueOf(thrown.getMessage()).contains("val.json: gone"));
    assertEquals(List.of("started 3", "epoch 0 ended after 3"), diary.calls.subList(0, 2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"step", "epoch", "event", "lr", "loss", "loss_itc", "grad_norm", "dtype", ""})
  void log_nameOfTheLogsOwn_isRefused(String name) {
    assertRefused(
        run -> run.log(name, 1),
        "log: name of a number expected, not blank and none of the log's own, got '"
            + name
            + "'; choose another, such as val_loss");
  }

  @Test
  void log_nameTwice_isRefused() {
    assertRefused(
        run -> {
          run.log("val_loss", 1);
          run.log("val_loss", 1);
        },
        "log: numbers of one line expected with names that differ, got val_loss twice; rename one");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "../best", "a/b", "a\\b", ".hidden", "step-00000003", "STEP-3", "be st", "nul"})
  void checkpoint_nameThatNoFileCanHave_isRefused(String name) {
    assertRefused(
        run -> run.checkpoint(name),
        "checkpoint: name expected of letters, digits, '.', '_' and '-', at most 100 and no number"
            + " of a step, got '"
            + name
            + "'; choose another, such as best");
  }

  /** One request of a run. */
  private interface Request {
    void of(RunControl run);
  }

  private void assertRefused(Request request, String message) {
    TrainingListener asking =
        new TrainingListener() {
          @Override
          public void started(TrainingPosition at, RunControl run) {
            request.of(run);
          }
        };
    var thrown =
        assertThrows(ListenerException.class, () -> trainer(toy, settings("run")).start(asking));

    assertEquals(message, String.valueOf(thrown.getCause().getMessage()));
  }

  @Test
  void control_usedAfterTheCall_isRefused() throws IOException {
    List<RunControl> kept = new ArrayList<>();
    TrainingListener keeping =
        new TrainingListener() {
          @Override
          public void started(TrainingPosition at, RunControl run) {
            kept.add(run);
          }
        };
    trainer(toy, settings("run")).start(keeping);

    var thrown = assertThrows(IllegalStateException.class, () -> kept.get(0).log("late", 1));

    assertEquals(
        "training: a number expected to be asked for while a listener is called, got one afterwards",
        thrown.getMessage());
  }

  /** Counts updates, over stops. */
  private static final class Counter implements TrainingListener {
    private final String name;
    double count;

    Counter(String name) {
      this.name = name;
    }

    @Override
    public void updated(TrainStep.Outcome outcome, RunControl run) {
      count += 0.1;
    }

    @Override
    public Map<String, Double> state() {
      return Map.of(name, count);
    }

    @Override
    public void restore(Map<String, Double> state) {
      count = state.getOrDefault(name, -1.0);
    }
  }

  @Test
  void resume_statesOfListeners_goOn() throws IOException {
    Counter whole = new Counter("one");
    trainer(toy, settings("whole")).start(whole);
    trainer(toy, settings("parts").withMaxSteps(3))
        .start(new Counter("one").and(new Counter("two")));
    Counter one = new Counter("one");
    Counter unknown = new Counter("three");

    trainer(toy, settings("parts")).resume(TrainingListener.all(List.of(one, unknown)));

    assertEquals(whole.count, one.count);
    assertEquals(-1 + 0.3, unknown.count, 1e-9);
  }

  @Test
  void start_statesOfOneName_areRefusedBeforeTheFirstUpdate() {
    var both = new Counter("one").and(new Counter("one"));

    var thrown =
        assertThrows(
            IllegalArgumentException.class, () -> trainer(toy, settings("run")).start(both));

    assertEquals(
        "listeners: states expected with names that differ, got one twice", thrown.getMessage());
    assertEquals(0, ((Counter) ((ListenerList) both).listeners().get(0)).count);
  }

  @Test
  void start_stateThatThrows_isSavedWithoutAndReported() throws IOException {
    TrainingListener failing =
        new TrainingListener() {
          private int calls;

          @Override
          public Map<String, Double> state() {
            if (calls++ > 0) {
              throw new IllegalStateException("lost");
            }
            return Map.of("kept", 1.0);
          }
        };

    var thrown =
        assertThrows(
            ListenerException.class, () -> trainer(toy, settings("run")).start(failing));

    assertEquals(
        "training: state of listeners expected, got java.lang.IllegalStateException: lost",
        thrown.getMessage());
    try (SafetensorsFile file =
        SafetensorsFile.open(folder.resolve("run").resolve("step-00000002.safetensors"))) {
      assertEquals("1.0", file.metadata().get("listener.kept"));
    }
  }
}
