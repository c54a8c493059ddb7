package io.github.blip2j.blip2.inference;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Guards a resource: any number of calls run while it is open, and its close waits for them,
 * because memory that is freed under a running call crashes the process.
 *
 * <p>A call's listener is foreign code, which may wait for anything, this close included. So a
 * close does not wait for a listener: if all remaining calls are in their listeners, it returns,
 * and the last of them frees the resource when it ends. Once a close has begun, new calls are
 * refused.
 */
public final class CloseGuard {
  private final String where;
  private final String what;
  private final ReentrantLock lock = new ReentrantLock(); // of all fields below
  private final Condition changed = lock.newCondition();
  private final Map<Thread, Visit> inside = new HashMap<>();
  private boolean closed;
  private boolean settled; // freed, or left to the last call inside
  private @Nullable Runnable left;

  /** The state of a thread inside. */
  private static final class Visit {
    private int depth;
    private boolean listening;
  }

  /** A guard of {@code what}, the name in its messages. */
  public CloseGuard(String where, String what) {
    this.where = where;
    this.what = what;
  }

  /** A call inside, which ends when it is closed; by the thread that entered. */
  interface Entry extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Enters; the resource stays open until the entry is closed.
   *
   * @throws IllegalStateException if the guard is closed
   */
  Entry enter() {
    boolean listened = admit();
    return () -> leave(listened);
  }

  /**
   * Runs {@code body} inside.
   *
   * @throws IllegalStateException if the guard is closed
   */
  public <T> T call(Supplier<T> body) {
    try (Entry entry = enter()) {
      return body.get();
    }
  }

  private boolean admit() {
    lock.lock();
    try {
      @Nullable Visit own = inside.get(Thread.currentThread());
      if (own == null && closed) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "%s: open %s expected, got closed; close after the last use",
                where,
                what));
      }
      Visit visit = own == null ? new Visit() : own;
      inside.put(Thread.currentThread(), visit);
      visit.depth++;
      boolean listened = visit.listening;
      visit.listening = false;
      return listened;
    } finally {
      lock.unlock();
    }
  }

  private void leave(boolean listened) {
    lock.lock();
    try {
      Visit visit = own();
      visit.listening = listened;
      visit.depth--;
      if (visit.depth == 0) {
        inside.remove(Thread.currentThread());
      }
      changed.signalAll();
      @Nullable Runnable release = left;
      if (inside.isEmpty() && release != null) {
        left = null;
        release.run();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Runs a listener of a call that is inside: {@link #close} does not wait for it. */
  public void aside(Runnable listener) {
    boolean listened = listen(true);
    try {
      listener.run();
    } finally {
      listen(listened);
    }
  }

  /** Returns the state before. */
  private boolean listen(boolean listening) {
    lock.lock();
    try {
      Visit visit = own();
      boolean before = visit.listening;
      visit.listening = listening;
      changed.signalAll();
      return before;
    } finally {
      lock.unlock();
    }
  }

  private Visit own() {
    return Objects.requireNonNull(inside.get(Thread.currentThread()), "within a call only");
  }

  /**
   * Closes once the calls inside have ended, except those in their listeners; later closes have no
   * effect.
   *
   * @throws IllegalStateException if called from inside a call, which cannot wait for itself
   */
  public void close(Runnable release) {
    lock.lock();
    try {
      if (inside.containsKey(Thread.currentThread())) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "%s: close expected after the last call, got one from within a call",
                where));
      }
      if (closed) {
        while (!settled) {
          changed.awaitUninterruptibly();
        }
        return;
      }
      closed = true;
      while (isBusy()) {
        changed.awaitUninterruptibly();
      }
      settled = true;
      changed.signalAll();
      if (inside.isEmpty()) {
        release.run();
      } else {
        left = release;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether a call is inside that is not in its listener. */
  private boolean isBusy() {
    return inside.values().stream().anyMatch(visit -> !visit.listening);
  }
}
