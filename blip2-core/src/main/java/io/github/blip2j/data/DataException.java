package io.github.blip2j.data;

import java.io.IOException;

/** An error in a data set; the message names file and record. */
public final class DataException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With a message in the form {@code where: what expected X, got Y}. */
  public DataException(String message) {
    super(message);
  }

  /** With a cause. */
  public DataException(String message, Throwable cause) {
    super(message, cause);
  }
}
