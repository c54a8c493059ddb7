package io.github.blip2j.training.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class RankTimesTest {
  private static long[] milliseconds(long... times) {
    for (int i = 0; i < times.length; i++) {
      times[i] *= 1_000_000;
    }
    return times;
  }

  @Test
  void slowest_tenTimesSlower_isFound() {
    assertEquals(1, RankTimes.slowest(milliseconds(100, 1000)));
    assertEquals(0, RankTimes.slowest(milliseconds(1000, 100)));
    assertEquals(2, RankTimes.slowest(milliseconds(100, 90, 1000, 110)));
  }

  @Test
  void slowest_ofUsualDifferences_isNone() {
    assertEquals(-1, RankTimes.slowest(milliseconds(100, 180)));
    assertEquals(-1, RankTimes.slowest(milliseconds(1, 40)), "too short to tell");
  }

  @Test
  void message_namesTheRankAndBothTimes() {
    assertEquals(
        "step 20: ranks expected of about equal speed, got 1.00 s of work for an update on rank 1"
            + " of 2 on host b and a median of 0.100 s; all wait for it: look for other programs on"
            + " its cores, or for fewer cores than threads",
        RankTimes.message(20, "rank 1 of 2 on host b", milliseconds(100, 1000), 1));
  }
}
