package io.github.blip2j.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.cli.console.LogBudget.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

final class LogBudgetTest {
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // it may overflow
  private final LogBudget budget = new LogBudget(now::get);

  @Test
  void server_thatLogsMuch_isHeardTenTimesAMinute() {
    for (int i = 1; i <= 100; i++) {
      Verdict expected = i < 10 ? Verdict.WRITE : i == 10 ? Verdict.LAST : Verdict.DROP;
      assertEquals(expected, budget.take("org.eclipse.jetty.util.HostPort"), "line " + i);
    }
    assertEquals(Verdict.WRITE, budget.take("io.github.blip2j.server.api.Errors"));
    now.addAndGet(Duration.ofSeconds(61).toNanos());
    assertEquals(Verdict.WRITE, budget.take("org.eclipse.jetty.util.HostPort"));
  }

  @Test
  void others_areHeardAlways() {
    for (int i = 0; i < 100; i++) {
      assertEquals(Verdict.WRITE, budget.take("io.github.blip2j.vision.image.ImageDecoder"));
    }
    String line = "x".repeat(1000);
    assertEquals(line, LogBudget.shortened("io.github.blip2j.data.Shards", line));
    assertEquals(303, LogBudget.shortened("org.eclipse.jetty.util.HostPort", line).length());
  }

  /** As the command line is configured. */
  @Test
  void logger_ofTheServer_writesTenLines() {
    Logger logger = LoggerFactory.getLogger("org.eclipse.jetty.util.LogBudgetTest");
    PrintStream before = System.err;
    var written = new ByteArrayOutputStream();
    System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
    try {
      for (int i = 0; i < 1000; i++) {
        logger.warn("Bad Authority: [{}]", "a".repeat(5000));
      }
    } finally {
      System.setErr(before);
    }
    String text = written.toString(StandardCharsets.UTF_8);
    assertEquals(10, text.lines().count());
    assertTrue(text.length() < 5000, "characters: " + text.length());
    assertTrue(text.contains("no more from there for a minute"), text);
  }
}
