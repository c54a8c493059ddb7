package io.github.blip2j.spark;

import io.github.blip2j.backend.MemoryShortageException;
import java.util.Locale;
import java.util.concurrent.CancellationException;

/** What ends a task, in words that name the setting to change. */
final class Failures {
  private Failures() {}

  /**
   * What to throw for a failure. An {@link OutOfMemoryError} would end the whole executor, and
   * Spark would not say why.
   */
  static RuntimeException told(String what, Throwable why) {
    if (why instanceof MemoryShortageException) {
      return failed(
          "memory outside the heap for " + what + " expected",
          why,
          "raise spark.executor.memoryOverhead or lower batchSize");
    }
    if (why instanceof OutOfMemoryError) {
      return failed(
          "heap for " + what + " expected",
          why,
          "raise spark.executor.memory, or lower maxPixels or batchSize");
    }
    if (why instanceof LinkageError) {
      return failed(
          "native libraries for " + what + " expected",
          why,
          "send the jars with the ending linux-x86_64 with --jars");
    }
    if (why instanceof CancellationException) {
      return new IllegalStateException("spark: task expected to run to its end, got cancelled");
    }
    return why instanceof RuntimeException known
        ? known
        : failed(what + " expected to succeed", why, "see the cause");
  }

  private static IllegalStateException failed(String expected, Throwable why, String fix) {
    return new IllegalStateException(
        String.format(Locale.ROOT, "spark: %s on %s, got %s; %s", expected, Hosts.name(), why, fix),
        why);
  }
}
