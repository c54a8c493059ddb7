package io.github.blip2j.bench;

import io.github.blip2j.tensor.Scope;
import java.util.Arrays;

/** The times of a piece of work, in milliseconds, ascending. */
final class Stopwatch {
  private static final int MOST_WARM_UPS = 30;
  private static final double WARM_AFTER_MS = 1000;

  private final double[] times;

  private Stopwatch(double[] times) {
    this.times = times;
  }

  /**
   * Runs the work to warm up, and then {@code runs} times. The time includes freeing its results,
   * as in languages with reference counting.
   */
  static Stopwatch time(int runs, Runnable work) {
    warmUp(work);
    double[] times = new double[runs];
    for (int i = 0; i < runs; i++) {
      times[i] = once(work);
    }
    return of(times);
  }

  /** Times that were taken elsewhere, in milliseconds. */
  static Stopwatch of(double[] times) {
    double[] ascending = times.clone();
    Arrays.sort(ascending);
    return new Stopwatch(ascending);
  }

  /** Runs once, and repeats short work until it is compiled. */
  static void warmUp(Runnable work) {
    double spent = 0;
    for (int i = 0; i < MOST_WARM_UPS && spent < WARM_AFTER_MS; i++) {
      spent += once(work);
    }
  }

  private static double once(Runnable work) {
    long start = System.nanoTime();
    try (var scope = Scope.open()) {
      work.run();
    }
    return (System.nanoTime() - start) / 1e6;
  }

  double median() {
    int middle = times.length / 2;
    return times.length % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
  }

  double shortest() {
    return times[0];
  }

  double longest() {
    return times[times.length - 1];
  }
}
