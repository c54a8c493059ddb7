package io.github.blip2j.data.loading;

import java.util.Locale;

/**
 * How far samples are read ahead, and by how many threads.
 *
 * @param threads that read; 0 to read on the caller's thread, when a sample is asked for
 * @param ahead most samples that are read, or being read, and not used yet: the bound on memory
 */
public record Prefetch(int threads, int ahead) {
  /** The most threads. */
  public static final int MOST_THREADS = 1024;

  /** No other threads. */
  public static final Prefetch NONE = new Prefetch(0, 0);

  /** Checks the numbers. */
  public Prefetch {
    if (threads < 0 || threads > MOST_THREADS || (threads > 0 && ahead < 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "prefetch: threads expected 0 to %d, and at least 1 sample ahead, got %d and %d",
              MOST_THREADS,
              threads,
              ahead));
    }
  }

  /**
   * A number of threads for this machine: one for every four processors, at least 1 and at most 8.
   * Each decodes and crops some 100 photographs of 640x480 a second.
   */
  public static int defaultThreads() {
    return Math.max(1, Math.min(8, Runtime.getRuntime().availableProcessors() / 4));
  }
}
