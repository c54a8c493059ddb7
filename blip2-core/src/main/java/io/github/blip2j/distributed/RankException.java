package io.github.blip2j.distributed;

import java.io.Serial;

/** Something failed on another rank, which this one can't go on without. */
public final class RankException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1;

  RankException(String message) {
    super(message);
  }

  private RankException(String message, Throwable cause) {
    super(message, cause);
  }

  /** With what happened there as its cause. */
  static RankException of(int rank, Throwable there) {
    return new RankException("rank " + rank + ": " + RankFailure.message(there), there);
  }
}
