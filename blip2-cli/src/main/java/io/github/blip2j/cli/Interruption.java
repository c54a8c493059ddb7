package io.github.blip2j.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Lets work end cleanly when the process is told to end, as by Ctrl-C: the work is asked to stop,
 * and the process waits until it has.
 */
final class Interruption implements AutoCloseable {
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook;
  private volatile boolean happened;

  private Interruption(Runnable stop) {
    this.hook = new Thread(() -> interrupted(stop), "interruption");
  }

  /** From now until it is closed, {@code stop} is called when the process shall end. */
  static Interruption calling(Runnable stop) {
    var interruption = new Interruption(stop);
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  /** Whether the process was told to end. */
  boolean happened() {
    return happened;
  }

  private void interrupted(Runnable stop) {
    happened = true;
    stop.run();
    try {
      done.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    done.countDown();
    if (!happened) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }
}
