package io.github.blip2j.search.store;

import java.io.IOException;

/** An index that cannot be used. The message names the index, the fault and a remedy. */
public final class IndexException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With a message in the form {@code where: what expected X, got Y; how to fix}. */
  public IndexException(String message) {
    super(message);
  }

  /** With a cause. */
  public IndexException(String message, Throwable cause) {
    super(message, cause);
  }
}
