package io.github.blip2j.training;

import java.util.Iterator;
import java.util.function.LongSupplier;

/** The time of a run: of all of it, of the current update, and of waiting for its batches. */
final class RunClock {
  private final LongSupplier nanoTime;
  private double before;
  private long start;
  private long updateStart;
  private long dataNanos;

  RunClock(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Starts a run, or goes on with one that has lasted {@code seconds}. */
  void start(double seconds) {
    before = seconds;
    start = nanoTime.getAsLong();
  }

  /** Seconds since the start of the run, without pauses. */
  double seconds() {
    return before + (nanoTime.getAsLong() - start) * 1e-9;
  }

  void startUpdate() {
    dataNanos = 0;
    updateStart = nanoTime.getAsLong();
  }

  /** Nanoseconds since the start of the update. */
  long updateNanos() {
    return nanoTime.getAsLong() - updateStart;
  }

  /** Those of them in which it waited for batches. */
  long dataNanos() {
    return dataNanos;
  }

  /** The same elements, with the time measured in which they are awaited. */
  <B> Iterator<B> timed(Iterator<B> batches) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() { // a stream makes its next element here
        long from = nanoTime.getAsLong();
        try {
          return batches.hasNext();
        } finally {
          dataNanos += nanoTime.getAsLong() - from;
        }
      }

      @Override
      public B next() {
        long from = nanoTime.getAsLong();
        try {
          return batches.next();
        } finally {
          dataNanos += nanoTime.getAsLong() - from;
        }
      }
    };
  }
}
