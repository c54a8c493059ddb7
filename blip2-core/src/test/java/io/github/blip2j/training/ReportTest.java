package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.InScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What lines of the log and resumed runs tell. */
@ExtendWith(InScope.class)
final class ReportTest {
  private final Path folder;

  ReportTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private TrainingSettings settings(String run) {
    return TrainingSettings.of(folder.resolve(run), Schedule.Constant.of(0.02))
        .withEpochs(2)
        .withLogEvery(3)
        .withCheckpointEvery(2);
  }

  /** Keeps the losses of every update, and the changes of a resume. */
  private static final class Losses implements TrainingListener {
    final List<Double> each = new ArrayList<>();
    final List<String> changes = new ArrayList<>();

    @Override
    public void updated(TrainStep.Outcome outcome, RunControl run) {
      each.add(outcome.losses().getOrDefault("loss", Double.NaN));
    }

    @Override
    public void resumed(TrainingPosition position, List<String> changed) {
      changes.addAll(changed);
    }
  }

  private List<JsonObject> lines(String run) throws IOException {
    return Files.readAllLines(folder.resolve(run).resolve(TrainingLog.NAME)).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .toList();
  }

  @Test
  void log_losses_areMeansSinceTheLastLine() throws IOException {
    var losses = new Losses();
    try (Toy toy = new Toy(7, 0.25)) {
      toy.trainer(settings("run")).start(losses);
    }

    List<JsonObject> lines = lines("run");
    assertEquals(2, lines.size());
    for (int line = 0; line < 2; line++) {
      double mean =
          losses.each.subList(3 * line, 3 * line + 3).stream().mapToDouble(x -> x).sum() / 3;
      assertEquals(mean, lines.get(line).get("loss").getAsDouble(), 1e-15);
      assertEquals(mean / 2, lines.get(line).get("loss_error").getAsDouble(), 1e-6);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void resume_betweenLines_logsTheSameMeans(long stop) throws IOException {
    try (Toy toy = new Toy(7, 0.25);
        Toy other = new Toy(7, 0.25)) {
      toy.trainer(settings("whole")).start(TrainingListener.NONE);
      other.trainer(settings("parts").withMaxSteps(stop)).start(TrainingListener.NONE);
      other.trainer(settings("parts")).resume(TrainingListener.NONE);
    }

    assertEquals(Toy.log(folder.resolve("whole")), Toy.log(folder.resolve("parts")));
  }

  @Test
  void log_time_isThatOfTheRunAndOfItsData() throws IOException {
    AtomicLong clock = new AtomicLong();
    BatchSource<Toy.ToyBatch> slow =
        (epoch, first) ->
            Toy.source(3, 4).open(epoch, first).peek(batch -> clock.addAndGet(200_000_000));
    try (Toy toy = new Toy(7, 0)) {
      new Trainer<>(
              slow,
              settings("run"),
              new TrainStep<>(
                  (batch, pass) -> {
                    clock.addAndGet(600_000_000); // three times what a batch takes
                    return toy.losses(batch, pass);
                  },
                  toy.optimizer,
                  settings("run")),
              new CheckpointFolder(folder.resolve("run"), toy.optimizer),
              clock::get)
          .start(TrainingListener.NONE);
    }

    JsonObject last = lines("run").get(1);
    assertEquals(4.8, last.get("time_s").getAsDouble(), 1e-3);
    assertEquals(0.6, last.get("data_s").getAsDouble(), 1e-3);
    assertEquals(0.25, last.get("data_share").getAsDouble(), 1e-3);
    assertTrue(last.get("memory_mib").getAsLong() > 10 || ResidentMemory.mebibytes() == null);
  }

  @Test
  void resume_time_goesOnWithThatOfTheLog() throws IOException {
    AtomicLong clock = new AtomicLong();
    try (Toy toy = new Toy(7, 0)) {
      for (int part = 0; part < 2; part++) {
        clock.addAndGet(1_000_000_000_000L); // a pause
        TrainingSettings settings = settings("run").withMaxSteps(3L * (part + 1));
        var trainer =
            new Trainer<>(
                Toy.source(3, 4),
                settings,
                new TrainStep<>(
                    (batch, pass) -> {
                      clock.addAndGet(500_000_000);
                      return toy.losses(batch, pass);
                    },
                    toy.optimizer,
                    settings),
                new CheckpointFolder(folder.resolve("run"), toy.optimizer),
                clock::get);
        TrainingPosition end =
            part == 0
                ? trainer.start(TrainingListener.NONE)
                : trainer.resume(TrainingListener.NONE);
        assertEquals(3L * (part + 1), end.step());
      }
    }

    assertEquals(1.5, lines("run").get(0).get("time_s").getAsDouble(), 1e-3);
    assertEquals(3.0, lines("run").get(1).get("time_s").getAsDouble(), 1e-3);
  }

  @Test
  void resume_withOtherSettings_tellsWhatHasChanged() throws IOException {
    var same = new Losses();
    var other = new Losses();
    try (Toy toy = new Toy(7, 0)) {
      toy.trainer(settings("run").withMaxSteps(1)).start(TrainingListener.NONE);
      toy.trainer(settings("run").withMaxSteps(2)).resume(same);
      TrainingSettings changed =
          TrainingSettings.of(folder.resolve("run"), Schedule.Constant.of(0.01))
              .withEpochs(5)
              .withClipNorm(2)
              .withMaxSteps(3);
      toy.trainer(changed).resume(other);
    }

    assertEquals(List.of(), same.changes);
    String warmup = ", warmup=Warmup[from=%s, batches=0]]";
    assertEquals(
        List.of(
            "schedule Constant[init=0.02"
                + warmup.replace("%s", "0.02")
                + " -> Constant[init=0.01"
                + warmup.replace("%s", "0.01"),
            "epochs 2 -> 5",
            "clip_norm Infinity -> 2.0"),
        other.changes);
  }

  @Test
  void residentMemory_ofAnotherSystem_isUnknown() throws IOException {
    Path status = Files.writeString(folder.resolve("status"), "VmHWM: 9 kB\nVmRSS:\t  2560 kB\n");

    assertEquals(2.5, ResidentMemory.mebibytes(status));
    assertNull(ResidentMemory.mebibytes(folder.resolve("none")));
  }
}
