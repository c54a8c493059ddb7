package io.github.blip2j.cli.console;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Bounds what parts of the program log that answer strangers, so that nobody can fill the disk by
 * what he sends: so many lines a minute of each logger, and so many characters of a line.
 */
final class LogBudget {
  private static final List<String> SERVERS =
      List.of("org.eclipse.jetty", "io.github.blip2j.server");
  private static final int LINES = 10;
  private static final int CHARACTERS = 300;
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private final Map<String, Spent> spent = new ConcurrentHashMap<>();
  private final LongSupplier nanos;

  /**
   * A budget.
   *
   * @param nanos the time
   */
  LogBudget(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /** Lines of one logger in its minute. */
  private record Spent(long since, int lines) {}

  /** Whether a logger may write one more line; {@link Verdict#LAST} if none after it. */
  Verdict take(String logger) {
    if (SERVERS.stream().noneMatch(logger::startsWith)) {
      return Verdict.WRITE;
    }
    long now = nanos.getAsLong();
    int lines =
        spent.compute(
                logger,
                (name, before) ->
                    before == null || now - before.since > MINUTE
                        ? new Spent(now, 1)
                        : new Spent(before.since, Math.min(before.lines + 1, LINES + 1)))
            .lines;
    return lines < LINES ? Verdict.WRITE : lines == LINES ? Verdict.LAST : Verdict.DROP;
  }

  /** As much of a line as is written. */
  static String shortened(String logger, String line) {
    boolean bounded = SERVERS.stream().anyMatch(logger::startsWith);
    return bounded && line.length() > CHARACTERS ? line.substring(0, CHARACTERS) + "..." : line;
  }

  /** What happens to a line. */
  enum Verdict {
    /** It is written. */
    WRITE,
    /** It is written, and that those after it are not. */
    LAST,
    /** It is not written. */
    DROP
  }
}
