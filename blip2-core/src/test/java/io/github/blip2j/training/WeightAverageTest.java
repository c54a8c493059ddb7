package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class WeightAverageTest {
  private static final String LAST = "step-00000006.safetensors";

  private final Path folder;

  WeightAverageTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private TrainingSettings settings(String run) {
    return Toy.shortRun(folder.resolve(run));
  }

  /** Averages of all weights, one after another. */
  private static float[] averages(WeightAverage average) {
    List<Float> all = new ArrayList<>();
    average
        .tensors()
        .values()
        .forEach(
            tensor -> {
              for (float value : tensor.toFloats()) {
                all.add(value);
              }
            });
    float[] joined = new float[all.size()];
    for (int i = 0; i < joined.length; i++) {
      joined[i] = all.get(i);
    }
    return joined;
  }

  @Test
  void start_averages_areThoseOfAPlainLoop() throws IOException {
    try (Toy toy = new Toy(7, 0);
        var average = WeightAverage.of(toy.optimizer, 0.3)) {
      List<float[]> weights = new ArrayList<>(List.of(toy.weights()));
      TrainingListener keeping =
          new TrainingListener() {
            @Override
            public void updated(TrainStep.Outcome outcome, RunControl run) {
              weights.add(toy.weights());
            }
          };

      toy.trainer(settings("run")).withAverage(average).start(keeping);

      double[] expected = new double[weights.get(0).length];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = weights.get(0)[i];
        for (int step = 1; step <= 6; step++) {
          double kept = Math.min(0.3, (1.0 + step) / (10 + step)); // 2/11, 3/12, 4/13, then 0.3
          expected[i] = kept * expected[i] + (1 - kept) * weights.get(step)[i];
        }
      }
      float[] got = averages(average);
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], got[i], 1e-6);
      }
      assertFalse(Arrays.equals(toy.weights(), got));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5})
  void resume_afterAnyStep_endsWithTheSameBits(long stop) throws IOException {
    try (Toy whole = new Toy(7, 0.25);
        Toy stopped = new Toy(7, 0.25);
        Toy resumed = new Toy(99, 0.25);
        var one = WeightAverage.of(whole.optimizer, 0.9);
        var two = WeightAverage.of(stopped.optimizer, 0.9);
        var three = WeightAverage.of(resumed.optimizer, 0.9)) {
      whole.trainer(settings("whole")).withAverage(one).start(TrainingListener.NONE);
      stopped
          .trainer(settings("parts").withMaxSteps(stop))
          .withAverage(two)
          .start(TrainingListener.NONE);
      resumed.trainer(settings("parts")).withAverage(three).resume(TrainingListener.NONE);

      assertArrayEquals(averages(one), averages(three));
      assertFalse(Arrays.equals(averages(one), averages(two)));
    }
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("whole").resolve(LAST)),
        Files.readAllBytes(folder.resolve("parts").resolve(LAST)));
  }

  @Test
  void start_withAnAverage_trainsTheSameWeights() throws IOException {
    try (Toy plain = new Toy(7, 0.25);
        Toy averaged = new Toy(7, 0.25);
        var average = WeightAverage.of(averaged.optimizer, 0.9)) {
      plain.trainer(settings("plain")).start(TrainingListener.NONE);
      averaged.trainer(settings("averaged")).withAverage(average).start(TrainingListener.NONE);

      assertArrayEquals(plain.weights(), averaged.weights());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "bfloat16"})
  void swapIn_putsAveragesIntoTheModel_andBack(String precision) throws IOException {
    Precision factors = precision.equals("float32") ? Precision.FLOAT32 : Precision.BFLOAT16;
    try (Toy toy = new Toy(7, 0, factors);
        var average = WeightAverage.of(toy.optimizer, 0.9)) {
      toy.trainer(settings("run").withPrecision(factors))
          .withAverage(average)
          .start(TrainingListener.NONE);
      float[] weights = toy.weights();
      float[] averages = averages(average);
      double before = loss(toy);

      double swapped;
      try (var swap = average.swapIn()) {
        assertArrayEquals(averages, toy.weights());
        swapped = loss(toy);
        var twice = assertThrows(IllegalStateException.class, average::swapIn);
        assertEquals(
            "average of weights: weights expected in the model, got their averages; close the swap"
                + " first",
            twice.getMessage());
        assertThrows(IllegalStateException.class, () -> average.update(7));
      }

      assertArrayEquals(weights, toy.weights());
      assertArrayEquals(averages, averages(average));
      assertEquals(before, loss(toy));
      assertFalse(before == swapped);
      CheckpointFolder.loadAverages(folder.resolve("run").resolve(LAST), toy.params.all().values());
      assertEquals(swapped, loss(toy));
      CheckpointFolder.loadParameters(
          folder.resolve("run").resolve(LAST), toy.params.all().values());
      assertEquals(before, loss(toy));
    }
  }

  private static double loss(Toy toy) {
    return toy.losses(new Toy.ToyBatch(0, 8), io.github.blip2j.nn.ForwardPass.evaluation())
        .total()
        .item();
  }

  @Test
  void resume_withAndWithout_areNotMixed() throws IOException {
    try (Toy toy = new Toy(7, 0);
        var average = WeightAverage.of(toy.optimizer, 0.9);
        var slower = WeightAverage.of(toy.optimizer, 0.99)) {
      toy.trainer(settings("plain").withMaxSteps(2)).start(TrainingListener.NONE);
      toy.trainer(settings("averaged").withMaxSteps(2))
          .withAverage(average)
          .start(TrainingListener.NONE);

      assertRefused(
          toy.trainer(settings("plain")).withAverage(average),
          "step-00000002.safetensors: average of weights (EMA) expected by this run, got a checkpoint"
              + " without one; resume without it");
      assertRefused(
          toy.trainer(settings("averaged")),
          "step-00000002.safetensors: no average of weights (EMA) expected by this run, got one with a"
              + " decay of 0.9; resume with it");
      var noAverages =
          assertThrows(
              CheckpointException.class,
              () ->
                  CheckpointFolder.loadAverages(
                      folder.resolve("plain/step-00000002.safetensors"),
                      toy.params.all().values()));
      assertEquals(
          "step-00000002.safetensors: averages of weights expected, got none; load the weights"
              + " instead",
          noAverages.getMessage());
      List<String> changes = new ArrayList<>();
      toy.trainer(settings("averaged").withMaxSteps(4))
          .withAverage(slower)
          .resume(
              new TrainingListener() {
                @Override
                public void resumed(TrainingPosition at, List<String> changed) {
                  changes.addAll(changed);
                }
              });
      assertEquals(List.of("ema_decay 0.9 -> 0.99"), changes);
    }
  }

  private static void assertRefused(Trainer<Toy.ToyBatch> trainer, String message) {
    var refused =
        assertThrows(CheckpointException.class, () -> trainer.resume(TrainingListener.NONE));

    assertEquals(message, refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -0.5, Double.NaN})
  void of_impossibleDecay_isRefused(double decay) {
    try (Toy toy = new Toy(7, 0)) {
      var refused =
          assertThrows(
              IllegalArgumentException.class, () -> WeightAverage.of(toy.optimizer, decay));

      assertEquals(
          "average of weights: decay expected above 0 and below 1, got " + decay,
          refused.getMessage());
    }
  }
}
