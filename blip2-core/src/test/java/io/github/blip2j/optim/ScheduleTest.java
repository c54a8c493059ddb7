package io.github.blip2j.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ScheduleTest {
  private static final Warmup WARMUP = new Warmup(1e-6, 5000);

  @ParameterizedTest
  @CsvSource({
    "0, 0, 1.0e-6",
    "0, 2500, 5.05e-5",
    "0, 5000, 1e-4",
    "0, 90000, 1e-4",
    "1, 0, 9.780e-5",
    "1, 70000, 9.780e-5",
    "2, 3, 9.141e-5",
    "3, 0, 8.145e-5",
    "5, 0, 5.5e-5",
    "9, 0, 1.220e-5"
  })
  void warmupCosine_recipeOfStage1_isThatOfLavis(int epoch, long step, double expected) {
    var schedule = new Schedule.WarmupCosine(1e-4, 1e-5, 10, WARMUP);

    assertEquals(expected, schedule.at(epoch, step), 5e-4 * expected);
  }

  @Test
  void warmupCosine_warmupLongerThanTheEpoch_isCut() {
    var schedule = new Schedule.WarmupCosine(1e-4, 0, 5, new Warmup(0, 1000));

    assertEquals(0.99e-4, schedule.at(0, 990), 1e-12);
    assertEquals(0.5e-4 * (1 + Math.cos(Math.PI / 5)), schedule.at(1, 0), 1e-12);
  }

  @Test
  void warmup_ofNoBatches_stillBeginsLow() {
    var schedule = new Schedule.Constant(1e-4, new Warmup(1e-6, 0));

    assertEquals(1e-6, schedule.at(0, 0));
    assertEquals(1e-4, schedule.at(0, 1));
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 1e-6", "0, 5000, 1e-4", "1, 0, 9e-5", "2, 7, 8.1e-5", "40, 0, 1e-5"})
  void warmupStep_fallsByEpochAndNotBelowMin(int epoch, long step, double expected) {
    var schedule = new Schedule.WarmupStep(1e-4, 1e-5, 0.9, WARMUP);

    assertEquals(expected, schedule.at(epoch, step), 1e-12);
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 1e-6", "0, 2500, 5.05e-5", "0, 9000, 1e-4", "7, 0, 1e-4"})
  void constant_warmsUpInEpochZero(int epoch, long step, double expected) {
    assertEquals(expected, new Schedule.Constant(1e-4, WARMUP).at(epoch, step), 1e-12);
  }

  @Test
  void constant_withoutWarmup_isOneRate() {
    assertEquals(0.25, Schedule.Constant.of(0.25).at(0, 0));
    assertEquals(0.25, Schedule.Constant.of(0.25).at(3, 8));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "0, 99, 0.99e-4", // the warm-up goes on in the next epoch
    "1, 50, 1.5e-4",
    "2, 0, 2e-4", // and is over
    "6, 0, 1.05e-4",
    "9, 99, 1.0000732e-5",
    "12, 0, 1e-5"
  })
  void stepwiseCosine_hasNoJump(int epoch, long step, double expected) {
    var span = new Schedule.Span(10, 100);
    var schedule = new Schedule.StepwiseCosine(2e-4, 1e-5, span, new Warmup(0, 200));

    assertEquals(expected, schedule.at(epoch, step), 1e-9);
  }

  @Test
  void construction_ofNonsense_isRefused() {
    assertMessage(
        "schedule: rates expected 0 <= min <= init and 0 < init, got min=1.0, init=0.1",
        () -> new Schedule.WarmupCosine(0.1, 1, 10, WARMUP));
    assertMessage(
        "schedule: epochs expected at least 1, got 0",
        () -> new Schedule.WarmupCosine(0.1, 0, 0, WARMUP));
    assertMessage(
        "schedule: rate expected in (0, 1], got 1.5",
        () -> new Schedule.WarmupStep(0.1, 0, 1.5, WARMUP));
    assertMessage(
        "schedule: warm-up expected shorter than the 50 batches of the run, got 5000",
        () -> new Schedule.StepwiseCosine(0.1, 0, new Schedule.Span(5, 10), WARMUP));
    assertMessage(
        "warmup: from expected at least 0 and finite, got -1.0", () -> new Warmup(-1, 10));
    assertMessage("warmup: batches expected at least 0, got -1", () -> new Warmup(0, -1));
  }

  private static void assertMessage(String expected, Executable body) {
    assertEquals(expected, assertThrows(IllegalArgumentException.class, body).getMessage());
  }
}
