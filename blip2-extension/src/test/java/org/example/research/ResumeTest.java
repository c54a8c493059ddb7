package org.example.research;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.training.CheckpointFolder;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs with Lion, an own schedule, an own objective and an own listener, stopped and resumed. */
final class ResumeTest {
  private static final String LAST = "step-00000012.safetensors";

  private final Path folder;
  private final int threads = Threads.count();

  ResumeTest(@TempDir Path folder) {
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

  private Path run(String name) {
    return folder.resolve(name);
  }

  private TrainingPosition start(String name, long steps) throws IOException {
    try (Lab lab = new Lab()) {
      TrainingSettings settings = Lab.settings(run(name)).withMaxSteps(steps);
      return lab.trainer(folder, settings).start(lab.best(folder));
    }
  }

  /** Resumes with a model whose weights are others. */
  private TrainingPosition resume(String name) throws IOException {
    try (Lab lab = new Lab()) {
      lab.shake();
      return lab.trainer(folder, Lab.settings(run(name))).resume(lab.best(folder));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 4, 7, 8}) // after 4 and 8 an epoch ends
  void resume_afterAnyStep_endsWithTheSameBits(long stop) throws IOException {
    assertEquals(new TrainingPosition(12, 3, 0), start("whole", Long.MAX_VALUE));
    start("parts", stop);
    assertEquals(new TrainingPosition(12, 3, 0), resume("parts"));

    assertSame("whole", "parts");
  }

  @Test
  void resume_afterAKill_endsWithTheSameBits() throws Exception {
    start("whole", Long.MAX_VALUE);
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            KilledRun.class.getName(),
            folder.toString());
    Path log = folder.resolve("child");
    Process child =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      long end = System.nanoTime() + 60_000_000_000L;
      while (!hasCheckpoint("parts")) {
        assertTrue(child.isAlive(), () -> "ended by itself: " + read(log));
        assertTrue(System.nanoTime() < end, () -> "too slow: " + read(log));
        Thread.sleep(1);
      }
    } finally {
      child.destroyForcibly().waitFor();
    }
    assertNotEquals(0, child.exitValue(), () -> read(log));

    resume("parts");

    assertSame("whole", "parts");
  }

  private boolean hasCheckpoint(String name) throws IOException {
    if (!Files.isDirectory(run(name))) {
      return false;
    }
    try (Stream<Path> files = Files.list(run(name))) {
      return files.anyMatch(file -> file.toString().matches(".*step-\\d{7}[3-9]\\.safetensors"));
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Last checkpoint, best checkpoint and log, but for the speed, are the same. */
  private void assertSame(String one, String other) throws IOException {
    for (String file : List.of(LAST, "best.safetensors")) {
      byte[] expected = Files.readAllBytes(run(one).resolve(file));
      assertArrayEquals(expected, Files.readAllBytes(run(other).resolve(file)), file);
    }
    assertEquals(log(one), log(other));
  }

  private List<JsonObject> log(String name) throws IOException {
    List<JsonObject> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run(name).resolve("log.jsonl"))) {
      JsonObject object = JsonParser.parseString(line).getAsJsonObject();
      List.of("samples_per_s", "time_s", "data_s", "data_share", "memory_mib")
          .forEach(object::remove); // what differs from run to run
      lines.add(object);
    }
    return lines;
  }

  @Test
  void start_withAListener_logsItsNumbersAndKeepsTheBest() throws IOException {
    start("run", Long.MAX_VALUE);

    List<JsonObject> lines = log("run");
    assertEquals(1 + 12 + 3, lines.size());
    assertEquals("start", lines.get(0).get("event").getAsString());
    List<Double> losses = new ArrayList<>();
    for (int epoch = 0; epoch < 3; epoch++) {
      JsonObject line = lines.get(5 * (epoch + 1));
      assertEquals("epoch", line.get("event").getAsString());
      assertEquals(epoch, line.get("epoch").getAsInt());
      losses.add(line.get("val_loss").getAsDouble());
    }
    try (Stream<Path> files = Files.list(run("run"))) {
      assertEquals(
          List.of("best.safetensors", "log.jsonl", LAST),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    double best = losses.stream().mapToDouble(loss -> loss).min().orElseThrow();
    assertTrue(best < lines.get(0).get("val_loss").getAsDouble(), lines.toString());
    try (Lab lab = new Lab()) {
      lab.shake();
      CheckpointFolder.loadParameters(
          run("run").resolve("best.safetensors"), lab.model.parameters().values());
      var settings = Lab.settings(run("again")).withMaxSteps(1);
      lab.trainer(folder, settings).start(lab.best(folder));
    }
    assertEquals(best, log("again").get(0).get("val_loss").getAsDouble());
  }

  @Test
  void resumeFrom_aNamedCheckpointInAnotherFolder_goesOnFromThere() throws IOException {
    start("whole", Long.MAX_VALUE);
    start("first", 4); // ends before the epoch's end is noticed
    try (Lab lab = new Lab()) {
      TrainingSettings settings = Lab.settings(run("first")).withMaxSteps(5);
      lab.trainer(folder, settings).resume(lab.best(folder)); // best is of step 4
    }
    try (Lab lab = new Lab()) {
      Path best = run("first").resolve("best.safetensors");
      var refused =
          assertThrows(
              IllegalStateException.class,
              () ->
                  lab.trainer(folder, Lab.settings(run("first")))
                      .resumeFrom(best, TrainingListener.NONE));
      assertEquals(
          "training: folder without checkpoints after step 4 expected, got "
              + run("first").resolve("step-00000005.safetensors")
              + "; remove them or choose another folder",
          refused.getMessage());

      lab.trainer(folder, Lab.settings(run("second"))).resumeFrom(best, lab.best(folder));
    }
    byte[] expected = Files.readAllBytes(run("whole").resolve(LAST));
    assertArrayEquals(expected, Files.readAllBytes(run("second").resolve(LAST)));
  }

  @Test
  void resume_withAnotherOptimizer_isRefused() throws IOException {
    start("run", 2);
    try (Lab lab = new Lab()) {
      var groups = ParameterGroup.of(lab.model.parameters().values(), 0.05);
      try (var other = new AdamW(groups, AdamWRule.DEFAULT);
          var faster = new Lion(groups, 0.9, 0.98)) {
        assertRefused(
            lab,
            other,
            "optimizer expected lion, with which the run was started, got adamW from the settings"
                + " of this resume; resume with lion");
        assertRefused(
            lab,
            faster,
            "constants of lion expected {beta1=0.9, beta2=0.99}, with which the run was started, got"
                + " {beta1=0.9, beta2=0.98} from the settings of this resume; resume with"
                + " {beta1=0.9, beta2=0.99}");
      }
    }
  }

  private void assertRefused(Lab lab, Optimizer optimizer, String message) throws IOException {
    var trainer =
        new Trainer<>(lab.objective, Lab.batches(folder), optimizer, Lab.settings(run("run")));

    var refused =
        assertThrows(CheckpointException.class, () -> trainer.resume(TrainingListener.NONE));

    assertEquals("step-00000002.safetensors: " + message, refused.getMessage());
  }

  @Test
  void handWrittenLoop_stoppedAndResumed_movesLikeTheTrainer() throws IOException {
    TrainingSettings settings = Lab.settings(run("theirs")).withEpochs(1);
    float[] expected;
    try (Lab lab = new Lab()) {
      lab.trainer(folder, settings).start(TrainingListener.NONE);
      expected = lab.weights();
    }
    TrainingSettings own = Lab.settings(run("own")).withEpochs(1);
    try (Lab lab = new Lab()) {
      var first = own.withMaxSteps(3);
      HandWrittenLoop.run(lab.objective, Lab.batches(folder), lab.optimizer, first);
    }
    try (Lab lab = new Lab()) {
      lab.shake();
      HandWrittenLoop.run(lab.objective, Lab.batches(folder), lab.optimizer, own);
      assertArrayEquals(expected, lab.weights());
    }
    assertEquals(
        List.of(1, 2, 3, 4), log("own").stream().map(line -> line.get("step").getAsInt()).toList());
    assertEquals(2, log("own").get(3).get("samples").getAsInt());
  }
}
