package io.github.blip2j.training;

/** A {@link TrainingListener} that threw, which is the cause. The last update has been saved. */
public final class ListenerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message in the form {@code where: what expected X, got Y}. */
  ListenerException(String message, Throwable cause) {
    super(message, cause);
  }
}
