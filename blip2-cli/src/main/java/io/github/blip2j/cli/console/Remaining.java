package io.github.blip2j.cli.console;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * How far long work has come, and how long the rest will take at the speed so far. Work that was
 * done before the first call does not count for the speed.
 */
public final class Remaining {
  private final String things;
  private final LongSupplier nanoTime;
  private long start;
  private int first = -1;

  /** For things such as {@code images}. */
  public Remaining(String things) {
    this(things, System::nanoTime);
  }

  Remaining(String things, LongSupplier nanoTime) {
    this.things = things;
    this.nanoTime = nanoTime;
  }

  /** As in {@code 12 of 100 images, 3 min left}. */
  public String at(int done, int of) {
    if (first < 0) {
      first = done;
      start = nanoTime.getAsLong();
    }
    String soFar = String.format(Locale.ROOT, "%d of %d %s", done, of, things);
    if (done <= first) {
      return soFar;
    }
    double each = (double) (nanoTime.getAsLong() - start) / (done - first);
    long seconds = TimeUnit.NANOSECONDS.toSeconds(Math.round(each * (of - done)));
    return soFar + ", " + duration(seconds) + " left";
  }

  private static String duration(long seconds) {
    if (seconds < 100) {
      return seconds + " s";
    }
    long minutes = Math.round(seconds / 60.0);
    return minutes < 100
        ? minutes + " min"
        : String.format(Locale.ROOT, "%d h %d min", minutes / 60, minutes % 60);
  }
}
