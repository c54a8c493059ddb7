package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.tensor.InScope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Numbers that listeners keep over stops. */
@ExtendWith(InScope.class)
final class ListenerStateTest {
  private final Path folder;
  private final Toy toy = new Toy(7, 0);

  ListenerStateTest(@TempDir Path folder) {
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
    trainer(settings("whole")).start(whole);
    trainer(settings("parts").withMaxSteps(3)).start(new Counter("one").and(new Counter("two")));
    Counter one = new Counter("one");
    Counter unknown = new Counter("three");

    trainer(settings("parts")).resume(TrainingListener.all(List.of(one, unknown)));

    assertEquals(whole.count, one.count);
    assertEquals(-1 + 0.3, unknown.count, 1e-9);
  }

  @Test
  void start_statesOfOneName_areRefusedBeforeTheFirstUpdate() {
    var both = new Counter("one").and(new Counter("one"));

    var thrown =
        assertThrows(IllegalArgumentException.class, () -> trainer(settings("run")).start(both));

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
        assertThrows(ListenerException.class, () -> trainer(settings("run")).start(failing));

    assertEquals(
        "training: state of listeners expected, got java.lang.IllegalStateException: lost",
        thrown.getMessage());
    try (SafetensorsFile file =
        SafetensorsFile.open(folder.resolve("run").resolve("step-00000002.safetensors"))) {
      assertEquals("1.0", file.metadata().get("listener.kept"));
    }
  }
}
