package io.github.blip2j.bench.serving;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Times in milliseconds. */
final class Latencies {
  private final List<Double> millis = Collections.synchronizedList(new ArrayList<>());

  void add(double one) {
    millis.add(one);
  }

  int size() {
    return millis.size();
  }

  /** Median, 99th percentile and maximum. */
  @Override
  public String toString() {
    List<Double> sorted = new ArrayList<>(millis);
    Collections.sort(sorted);
    return sorted.isEmpty()
        ? "none"
        : String.format(
            Locale.ROOT,
            "p50 %.1f, p99 %.1f, max %.1f ms",
            sorted.get(sorted.size() / 2),
            sorted.get(Math.min(sorted.size() - 1, sorted.size() * 99 / 100)),
            sorted.get(sorted.size() - 1));
  }
}
