package io.github.blip2j.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class RemainingTest {
  private long now = 1000;

  @Test
  void at_goesByTheSpeedOfThisRun() {
    var remaining = new Remaining("images", () -> now);

    assertEquals("40 of 100 images", remaining.at(40, 100)); // of an earlier run
    now += TimeUnit.SECONDS.toNanos(20);
    assertEquals("50 of 100 images, 2 min left", remaining.at(50, 100));
    now += TimeUnit.SECONDS.toNanos(20);
    assertEquals("60 of 100 images, 80 s left", remaining.at(60, 100));
    assertEquals("100 of 100 images, 0 s left", remaining.at(100, 100));
  }

  @Test
  void at_longWork_hasHours() {
    var remaining = new Remaining("questions", () -> now);
    remaining.at(0, 1000);
    now += TimeUnit.MINUTES.toNanos(1);

    assertEquals("2 of 1000 questions, 8 h 19 min left", remaining.at(2, 1000));
  }
}
