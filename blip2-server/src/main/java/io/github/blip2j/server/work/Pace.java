package io.github.blip2j.server.work;

/** How fast jobs are done lately: a moving average. */
final class Pace {
  private static final double WEIGHT = 0.1; // of the newest batch
  private static final int LONGEST_WAIT_SECONDS = 600;

  private double secondsPerJob; // 0 before the first

  synchronized void ran(int jobs, double seconds) {
    double each = seconds / Math.max(1, jobs);
    secondsPerJob = secondsPerJob == 0 ? each : secondsPerJob + WEIGHT * (each - secondsPerJob);
  }

  /** Jobs a second; 0 before the first. */
  synchronized double rate() {
    return secondsPerJob == 0 ? 0 : 1 / secondsPerJob;
  }

  /** Whole seconds that this many jobs will take, at least 1. */
  synchronized int secondsFor(int jobs) {
    return (int) Math.max(1, Math.min(LONGEST_WAIT_SECONDS, Math.ceil(jobs * secondsPerJob)));
  }
}
