package io.github.blip2j.training;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.training.validation.BestMetric;
import io.github.blip2j.training.validation.Evaluator;
import io.github.blip2j.training.validation.LossEvaluator;
import io.github.blip2j.training.validation.Validation;
import io.github.blip2j.training.validation.ValidationResult;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class ValidationTest {
  private static final String LAST = "step-00000006.safetensors";

  private final Path folder;
  private final Toy toy = new Toy(7, 0.25);

  ValidationTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void release() {
    toy.close();
  }

  private TrainingSettings settings(String run) {
    return Toy.shortRun(folder.resolve(run));
  }

  private Path file(String run, String name) {
    return folder.resolve(run).resolve(name);
  }

  /** Batches of four and three samples that training has not. */
  private static final BatchSource<Toy.ToyBatch> OTHERS =
      (epoch, first) -> Stream.of(new Toy.ToyBatch(50, 4), new Toy.ToyBatch(54, 3));

  /** The value of a metric after each step from 0 on. */
  private static Evaluator told(double... values) {
    return at -> Map.of("score", values[(int) at.step()]);
  }

  private static Validation chosen(BestMetric metric, double... values) {
    return Validation.of(List.of(told(values))).every(1).withBest(metric);
  }

  private static double plainLoss(Toy toy) {
    double sum = 0;
    for (Toy.ToyBatch batch : List.of(new Toy.ToyBatch(50, 4), new Toy.ToyBatch(54, 3))) {
      sum += batch.size() * toy.losses(batch, ForwardPass.evaluation()).total().item();
    }
    return sum / 7;
  }

  @Test
  void validate_losses_areMeansOverTheSamplesAsTheWeightsAre() throws IOException {
    List<Double> expected = new ArrayList<>();
    List<ValidationResult> results = new ArrayList<>();
    expected.add(plainLoss(toy));
    TrainingListener keeping =
        new TrainingListener() {
          @Override
          public void updated(TrainStep.Outcome outcome, RunControl run) {
            expected.add(plainLoss(toy));
          }
        };
    var validation =
        Validation.of(List.of(LossEvaluator.of(toy::losses, OTHERS)))
            .every(2)
            .withHearer(results::add);

    toy.trainer(settings("run")).start(keeping.and(validation));

    assertEquals(List.of(0L, 2L, 4L, 6L), results.stream().map(r -> r.position().step()).toList());
    for (ValidationResult result : results) {
      double loss = expected.get((int) result.position().step());
      assertEquals(loss, requireNonNull(result.numbers().get("loss")), 1e-12);
      assertEquals(loss / 2, requireNonNull(result.numbers().get("loss_error")), 1e-6);
      assertFalse(result.best());
    }
    String log = Toy.log(folder.resolve("run"));
    assertTrue(log.contains("\"event\":\"start\",\"val_loss\":"), log);
    assertEquals(4, log.lines().filter(line -> line.contains("\"val_loss_error\":")).count(), log);
    assertFalse(Files.exists(file("run", "best.safetensors")));
  }

  @Test
  void start_withValidation_trainsTheSameBits() throws IOException {
    try (Toy plain = new Toy(7, 0.25)) {
      plain.trainer(settings("plain")).start(TrainingListener.NONE);
      toy.trainer(settings("run"))
          .start(Validation.of(List.of(LossEvaluator.of(toy::losses, OTHERS))).every(1));

      assertArrayEquals(plain.weights(), toy.weights());
      assertState(plain, toy);
    }
  }

  private static void assertState(Toy expected, Toy got) {
    Map<String, Tensor> state = got.optimizer.state();
    expected
        .optimizer
        .state()
        .forEach(
            (name, tensor) ->
                assertArrayEquals(
                    tensor.toFloats(), requireNonNull(state.get(name)).toFloats(), name));
  }

  @Test
  void evaluate_objectiveWithState_leavesItAsItWas() throws IOException {
    try (Scope home = Scope.open()) {
      Tensor queue = Tensor.of(new float[] {1, 2}, 2);
      Objective<Toy.ToyBatch> objective =
          new Objective<>() {
            @Override
            public Losses losses(Toy.ToyBatch batch, ForwardPass pass) {
              queue.scaleInPlace(2);
              return toy.losses(batch, pass);
            }

            @Override
            public Map<String, Tensor> state() {
              return Map.of("queue", queue);
            }
          };

      LossEvaluator.of(objective, OTHERS).evaluate(TrainingPosition.START);

      assertArrayEquals(new float[] {1, 2}, queue.toFloats());
    }
  }

  @ParameterizedTest
  @CsvSource({"min:score, 3", "max:score, 5", "score, 5", "val_score, 5", "min:val_score, 3"})
  void best_checkpoint_isThatOfTheBestValue(String metric, long step) throws IOException {
    var validation = chosen(BestMetric.parse(metric), 5, 4, 6, 1, 1, 9, 9);
    List<float[]> weights = new ArrayList<>(List.of(toy.weights()));
    TrainingListener keeping =
        new TrainingListener() {
          @Override
          public void updated(TrainStep.Outcome outcome, RunControl run) {
            weights.add(toy.weights());
          }
        };

    toy.trainer(settings("run")).start(validation.and(keeping));

    assertEquals(step, validation.bestStep());
    CheckpointFolder.loadParameters(file("run", "best.safetensors"), toy.params.all().values());
    assertArrayEquals(weights.get((int) step), toy.weights());
    assertEquals(step, CheckpointFolder.stepOf(file("run", "best.safetensors")));
  }

  @Test
  void best_valueThatIsNotFinite_isNeverChosen() throws IOException {
    double nan = Double.NaN;
    double infinity = Double.POSITIVE_INFINITY;
    var validation =
        chosen(BestMetric.max("score"), nan, infinity, 2, nan, 3, infinity, nan).withPatience(3);

    toy.trainer(settings("run")).start(validation);

    assertEquals(4, validation.bestStep());
    assertEquals(3, validation.best());
    assertEquals(4, CheckpointFolder.stepOf(file("run", "best.safetensors")));
    String log = Toy.log(folder.resolve("run"));
    assertTrue(
        log.contains("{\"step\":0,\"epoch\":0,\"event\":\"start\",\"val_score\":null}"), log);
  }

  @Test
  void best_noFiniteValueAtAll_hasNoCheckpoint() throws IOException {
    double[] values = new double[7];
    java.util.Arrays.fill(values, Double.NaN);
    toy.trainer(settings("run")).start(chosen(BestMetric.min("score"), values));

    assertFalse(Files.exists(file("run", "best.safetensors")));
  }

  @Test
  void patience_endsTheRun_andAgainWhenItIsResumed() throws IOException {
    double[] values = {3, 2, 2, 2.5, 0, 0, 0};
    TrainingPosition end =
        toy.trainer(settings("run")).start(chosen(BestMetric.min("score"), values).withPatience(2));
    assertEquals(3, end.step());

    try (Toy other = new Toy(1, 0.25)) {
      var again = chosen(BestMetric.min("score"), values).withPatience(2);
      assertEquals(3, other.trainer(settings("run")).resume(again).step());
      assertTrue(again.isExhausted());
      assertEquals(1, again.bestStep());
      var patient = chosen(BestMetric.min("score"), values).withPatience(3);
      assertEquals(6, other.trainer(settings("run")).resume(patient).step());
      assertEquals(4, patient.bestStep());

      try (Toy whole = new Toy(7, 0.25)) {
        whole
            .trainer(settings("whole"))
            .start(chosen(BestMetric.min("score"), values).withPatience(3));
        assertArrayEquals(whole.weights(), other.weights());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void resume_afterAnyStep_choosesTheSame(long stop) throws IOException {
    double[] values = {9, 5, 7, 6, 8, 4, 5};
    toy.trainer(settings("whole")).start(chosen(BestMetric.min("score"), values).withPatience(4));
    try (Toy stopped = new Toy(7, 0.25);
        Toy resumed = new Toy(99, 0.25)) {
      stopped
          .trainer(settings("parts").withMaxSteps(stop))
          .start(chosen(BestMetric.min("score"), values).withPatience(4));
      resumed
          .trainer(settings("parts"))
          .resume(chosen(BestMetric.min("score"), values).withPatience(4));
    }

    for (String name : List.of(LAST, "best.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(file("whole", name)), Files.readAllBytes(file("parts", name)), name);
    }
    assertEquals(Toy.log(folder.resolve("whole")), Toy.log(folder.resolve("parts")));
  }

  @Test
  void resume_withAnotherMetric_beginsAnew() throws IOException {
    toy.trainer(settings("run").withMaxSteps(3))
        .start(chosen(BestMetric.min("score"), 9, 1, 2, 3, 4, 5, 6));
    var other = chosen(BestMetric.max("score"), 9, 1, 2, 3, 4, 5, 6);

    toy.trainer(settings("run")).resume(other);

    assertEquals(6, other.bestStep());
  }

  @Test
  void validate_averages_areMeasuredAndPutBack() throws IOException {
    List<Double> losses = new ArrayList<>();
    try (Toy plain = new Toy(7, 0.25);
        var average = WeightAverage.of(toy.optimizer, 0.9)) {
      plain.trainer(settings("plain")).start(TrainingListener.NONE);
      var validation =
          Validation.of(List.of(LossEvaluator.of(toy::losses, OTHERS)))
              .withAverage(average)
              .withHearer(result -> losses.add(result.numbers().get("loss")));
      toy.trainer(settings("run")).withAverage(average).start(validation);

      assertArrayEquals(plain.weights(), toy.weights());
      assertNotEquals(plainLoss(toy), losses.get(2));
      CheckpointFolder.loadAverages(file("run", LAST), toy.params.all().values());
      assertEquals(plainLoss(toy), losses.get(2), 1e-12);
    }
  }

  @Test
  void validate_failure_putsTheWeightsBackBeforeTheyAreSaved() throws IOException {
    try (Toy plain = new Toy(7, 0.25);
        var average = WeightAverage.of(toy.optimizer, 0.9)) {
      plain.trainer(settings("plain").withMaxSteps(4)).start(TrainingListener.NONE);
      Evaluator failing =
          at -> {
            if (at.step() == 4) {
              throw new IOException("val.json: gone");
            }
            return Map.of("score", 1.0);
          };
      var validation = Validation.of(List.of(failing)).every(1).withAverage(average);
      assertThrows(
          ListenerException.class,
          () -> toy.trainer(settings("run")).withAverage(average).start(validation));

      CheckpointFolder.loadParameters(
          file("run", "step-00000004.safetensors"), toy.params.all().values());
      assertArrayEquals(plain.weights(), toy.weights());
    }
  }

  @Test
  void validate_wrongly_isAnError() {
    Evaluator score = told(1);
    assertFails(
        Validation.of(List.of(score)).withBest(BestMetric.max("cider")),
        "validation: metric expected to be one of score, got cider; choose one of them");
    assertFails(
        Validation.of(List.of(score, score)),
        "validation: numbers expected with names that differ, got score twice; rename one");
    assertFails(
        Validation.of(List.of(score)).withPatience(2),
        "validation: metric expected with patience, got none; choose one with withBest");
    assertFails(
        Validation.of(List.of(LossEvaluator.of(toy::losses, (epoch, first) -> Stream.of()))),
        "validation: batches expected, got none; use smaller batches or more data");
  }

  private void assertFails(Validation validation, String message) {
    var thrown =
        assertThrows(ListenerException.class, () -> toy.trainer(settings("run")).start(validation));

    assertEquals(message, requireNonNull(thrown.getCause()).getMessage());
  }

  @Test
  void of_impossibleChoices_areRefused() {
    assertRefused(
        () -> Validation.of(List.of()),
        "validation: evaluators expected, got none; add one, such as a LossEvaluator");
    assertRefused(
        () -> Validation.of(List.of(told(1))).every(0),
        "validation: every expected at least 1, got 0");
    assertRefused(
        () -> Validation.of(List.of(told(1))).withPatience(-1),
        "validation: patience expected at least 1, got -1");
    assertRefused(
        () -> BestMetric.parse("max: "),
        "validation: name of a metric expected, got a blank one; name it, such as loss");
  }

  private static void assertRefused(org.junit.jupiter.api.function.Executable call, String text) {
    assertEquals(text, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  @ParameterizedTest
  @CsvSource({"loss, min:loss", "val_loss_itc, min:loss_itc", "cider, max:cider"})
  void parse_name_hasTheUsualGoal(String text, String metric) {
    assertEquals(metric, BestMetric.parse(text).toString());
  }
}
