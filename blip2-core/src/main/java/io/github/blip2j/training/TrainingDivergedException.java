package io.github.blip2j.training;

/**
 * A loss or gradient that is not a number, or infinite. The update was not made: parameters,
 * optimiser and checkpoints are as the last good step left them.
 */
public final class TrainingDivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long step;

  /** With a message in the form {@code where: what expected X, got Y}. */
  TrainingDivergedException(long step, String message) {
    super(message);
    this.step = step;
  }

  /** The number of the update that was not made, from 1. */
  public long step() {
    return step;
  }
}
