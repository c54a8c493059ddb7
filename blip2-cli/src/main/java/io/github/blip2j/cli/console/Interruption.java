package io.github.blip2j.cli.console;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets work end cleanly when the process is told to end, as by Ctrl-C: the work is asked to stop,
 * and the process waits for its end, but no longer than a step and its checkpoint may take.
 */
public final class Interruption implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Interruption.class);
  private static final long PATIENCE = TimeUnit.MINUTES.toMillis(10);

  private final CountDownLatch done = new CountDownLatch(1);
  private final long patience;
  private final Thread hook;
  private volatile boolean happened;

  private Interruption(Runnable stop, long patience) {
    this.patience = patience;
    this.hook = new Thread(() -> interrupted(stop), "interruption");
  }

  /** From now until it is closed, {@code stop} is called when the process is told to end. */
  public static Interruption calling(Runnable stop) {
    return calling(stop, PATIENCE);
  }

  /**
   * Calls {@code stop} likewise, waiting for the work no longer than {@code patience} milliseconds.
   */
  static Interruption calling(Runnable stop, long patience) {
    var interruption = new Interruption(stop, patience);
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  /** Whether the process was told to end. */
  public boolean happened() {
    return happened;
  }

  private void interrupted(Runnable stop) {
    happened = true;
    stop.run();
    try {
      boolean inTime = done.await(patience, TimeUnit.MILLISECONDS);
      if (!inTime) {
        LOG.warn("the work did not stop within {} s; its last checkpoint holds", patience / 1000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The shutdown hook, in which the process waits for the work. */
  Thread hook() {
    return hook;
  }

  @Override
  public void close() {
    done.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending, and hooks stay.
    }
  }
}
