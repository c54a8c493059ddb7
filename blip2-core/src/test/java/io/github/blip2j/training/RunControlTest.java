package io.github.blip2j.training;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What listeners may ask for, and when. */
@ExtendWith(InScope.class)
final class RunControlTest {
  private final Path folder;
  private final Toy toy = new Toy(7, 0);

  RunControlTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void release() {
    toy.close();
  }

  private TrainingSettings settings(String name) {
    return Toy.shortRun(folder.resolve(name));
  }

  private Trainer<Toy.ToyBatch> trainer(TrainingSettings settings) {
    return toy.trainer(settings);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"step", "epoch", "event", "lr", "loss", "loss_itc", "grad_norm", "dtype", ""})
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
      strings = {
        "",
        "../best",
        "a/b",
        "a\\b",
        ".hidden",
        "step-00000003",
        "STEP-3",
        "be st",
        "nul"
      })
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
        assertThrows(ListenerException.class, () -> trainer(settings("run")).start(asking));

    assertEquals(message, String.valueOf(requireNonNull(thrown.getCause()).getMessage()));
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
    trainer(settings("run")).start(keeping);

    var thrown = assertThrows(IllegalStateException.class, () -> kept.get(0).log("late", 1));

    assertEquals(
        "training: a number expected to be asked for while a listener is called, got one afterwards",
        thrown.getMessage());
  }
}
