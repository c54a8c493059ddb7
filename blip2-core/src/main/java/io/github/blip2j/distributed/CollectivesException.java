package io.github.blip2j.distributed;

/**
 * An operation of several ranks failed. Nothing more can be done together: let it end the process,
 * so that the others end too.
 */
public final class CollectivesException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** A failure with a message. */
  public CollectivesException(String message) {
    super(message);
  }

  /** A failure with what caused it. */
  public CollectivesException(String message, Throwable cause) {
    super(message, cause);
  }
}
