package io.github.blip2j.cli.console;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where the time of a command went, summed over all images. */
public final class Timings {
  /** Work that may fail at a file. */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws IOException;
  }

  private final long start = System.nanoTime();
  private final Map<String, Long> nanos = new LinkedHashMap<>();
  private long inner; // of the stages within the one that is running
  private int tokens;

  /** Of these stages, which are told in this order, those that nothing came to as well. */
  public Timings(String... stages) {
    for (String stage : stages) {
      nanos.put(stage, 0L);
    }
  }

  /** Does the work on a stage's account, failed work too; less what stages within it take. */
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

  public void countTokens(int count) {
    tokens += count;
  }

  /** Milliseconds of each stage, of a token where some are generated, and of all until now. */
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
