package io.github.blip2j.server.work;

import java.util.Locale;

/** A queue that takes no more jobs now. */
public final class QueueFullException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int retryAfterSeconds;

  QueueFullException(int waiting, int retryAfterSeconds) {
    super(
        String.format(
            Locale.ROOT,
            "queue: room expected, got %d requests waiting; try again in %d s",
            waiting,
            retryAfterSeconds));
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** When there is likely to be room, from the time that recent requests took. */
  public int retryAfterSeconds() {
    return retryAfterSeconds;
  }
}
