package io.github.blip2j.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.generation.DecodingSession;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

final class StepClockTest {
  /** A session whose start is slow and whose steps take known times. */
  private static final class Slow implements DecodingSession {
    private final long[] millisOfSteps;
    private final List<Integer> tokens = new ArrayList<>();

    Slow(long... millis) {
      millisOfSteps = millis.clone();
    }

    @Override
    public int vocabSize() {
      return 2;
    }

    @Override
    public float[][] start() {
      sleep(80);
      return new float[][] {{0, 1}};
    }

    @Override
    public float[][] next(int[] beamIndices, int[] next) {
      sleep(millisOfSteps[tokens.size()]);
      tokens.add(next[0]);
      return new float[][] {{1, 0}};
    }

    private static void sleep(long millis) {
      long end = System.nanoTime() + millis * 1_000_000;
      while (System.nanoTime() < end) {
        LockSupport.parkNanos(end - System.nanoTime());
      }
    }
  }

  @Test
  void next_afterSlowStart_timesEachStepToTheFollowingOne() {
    Slow session = new Slow(10, 30, 20, 0);
    double[] times = new double[3];
    StepClock clock = new StepClock(session, times);

    clock.start();
    for (int token = 0; token < 4; token++) {
      clock.next(new int[] {0}, new int[] {token});
    }

    assertEquals(List.of(0, 1, 2, 3), session.tokens);
    assertEquals(3, clock.steps());
    assertTrue(
        times[0] >= 10 && times[1] >= 30 && times[2] >= 20,
        () -> List.of(times[0], times[1], times[2]).toString());
  }

  @Test
  void next_moreStepsThanRoom_keepsTheFirst() {
    double[] times = new double[1];
    StepClock clock = new StepClock(new Slow(0, 0, 0), times);

    clock.start();
    for (int i = 0; i < 3; i++) {
      clock.next(new int[] {0}, new int[] {i});
    }

    assertEquals(1, clock.steps());
  }
}
