package io.github.blip2j.blip2;

import java.util.Locale;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Lets any number of calls in while something is open, and lets its close wait for them: memory
 * that is freed under a running call takes the process down.
 */
final class Gate {
  private final String where;
  private final String what;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  /** A gate to {@code what}, as its messages say. */
  Gate(String where, String what) {
    this.where = where;
    this.what = what;
  }

  /** A call inside, which ends when it is closed; by the thread that entered. */
  interface Entry extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Enters; what {@link #close} frees stays until the entry is closed.
   *
   * @throws IllegalStateException if the gate is closed
   */
  Entry enter() {
    lock.readLock().lock();
    if (closed) {
      lock.readLock().unlock();
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%s: open %s expected, got closed; close after the last use",
              where,
              what));
    }
    return lock.readLock()::unlock;
  }

  /**
   * Runs {@code body} inside.
   *
   * @throws IllegalStateException if the gate is closed
   */
  <T> T call(Supplier<T> body) {
    try (Entry entry = enter()) {
      return body.get();
    }
  }

  /**
   * Closes, the first time, after the calls inside have ended.
   *
   * @throws IllegalStateException from inside a call, which can't wait for itself
   */
  void close(Runnable release) {
    if (lock.getReadHoldCount() > 0) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%s: close expected after the last call, got one from within a call",
              where));
    }
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        release.run();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
