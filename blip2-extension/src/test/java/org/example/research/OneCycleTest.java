package org.example.research;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.optim.Schedule;
import org.junit.jupiter.api.Test;

final class OneCycleTest {
  /** Three epochs of two batches, and one epoch beyond the end. */
  @Test
  void at_isOneCycleOverTheRun() {
    var schedule = new OneCycle(7, new Schedule.Span(3, 2));
    double[] expected = {2, 4, 6, 6, 4, 2, 0, 0};

    for (int batch = 0; batch < expected.length; batch++) {
      assertEquals(expected[batch], schedule.at(batch / 2, batch % 2), 1e-12, "batch " + batch);
    }
  }
}
