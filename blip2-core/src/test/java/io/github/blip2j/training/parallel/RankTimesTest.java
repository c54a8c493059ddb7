package io.github.blip2j.training.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.distributed.InMemoryCollectives;
import io.github.blip2j.distributed.Ranks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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

  /** What a rank waits for the other is not its work. */
  @Test
  void report_ofARankTenTimesSlower_isMadeOnce() {
    List<String> reports = Collections.synchronizedList(new ArrayList<>());

    InMemoryCollectives.run(
        2,
        Duration.ofSeconds(20),
        collectives -> {
          Ranks ranks = Ranks.of(collectives);
          var times = new RankTimes(ranks, reports::add);
          for (int step = 1; step <= 6; step++) {
            times.startUpdate();
            sleep(ranks.rank() == 1 ? 300 : 10);
            collectives.barrier();
            times.endUpdate();
            if (step % 2 == 0) {
              times.report(step);
            }
          }
        });

    assertEquals(1, reports.size(), reports::toString);
    assertTrue(
        reports.get(0).startsWith("step 2: ranks expected of about equal speed, got 0."),
        reports::toString);
    assertTrue(
        reports.get(0).contains(" s of work for an update on rank 1 of 2"), reports::toString);
  }

  private static void sleep(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
