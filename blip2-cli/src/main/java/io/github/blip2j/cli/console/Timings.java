package io.github.blip2j.cli.console;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** The time of each stage of a command, summed over all images. */
public final class Timings {
  /** Work that may fail at a file. */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws IOException;
  }

  private final long start = System.nanoTime();
  private final Map<String, Long> nanos = new LinkedHashMap<>();
  private long inner; // of stages nested in the running one
  private int tokens;

  /** With these stages, reported in this order, those without time as well. */
  public Timings(String... stages) {
    for (String stage : stages) {
      nanos.put(stage, 0L);
    }
  }

  /**
   * Does the work and adds its time to the stage, also if it fails; without the time of nested
   * stages.
   */
  public <T> T time(String stage, Work<T> work) throws IOException {
    long beside = inner;
    inner = 0;
    long before = System.nanoTime();
    try {
      return work.run();
    } finally {
      long taken = System.nanoTime() - before;
      nanos.merge(stage, taken - inner, Long::sum);
      inner = beside + taken;
    }
  }

  /** Adds nanoseconds to a stage that were measured elsewhere. */
  public void add(String stage, long time) {
    nanos.merge(stage, time, Long::sum);
  }

  public void countTokens(int count) {
    tokens += count;
  }

  /** Milliseconds of each stage, of a token where text is generated, and in total until now. */
  public Map<String, Double> milliseconds() {
    Map<String, Double> milliseconds = new LinkedHashMap<>();
    nanos.forEach((stage, time) -> milliseconds.put(stage, rounded(time)));
    Long generate = nanos.get("generate");
    if (generate != null) {
      milliseconds.put("per_token", tokens == 0 ? 0 : rounded(generate / tokens));
    }
    milliseconds.put("total", rounded(System.nanoTime() - start));
    return milliseconds;
  }

  private static double rounded(long nanos) {
    return Math.round(nanos / 1e4) / 100.0;
  }
}
