package io.github.blip2j.training;

/**
 * A loss, a gradient or an updated parameter that is NaN or infinite. If it is a loss or a
 * gradient, the update was not made: parameters, optimiser and checkpoints are those of the last
 * good step. If it is a parameter, the update is not saved, and the run resumes from the checkpoint
 * before it.
 *
 * <p>Weights may be finite and too large to go on from, as after one update at a rate that is far
 * too high. Older checkpoints are kept therefore, and the message names one.
 */
public final class TrainingDivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long step;

  /** With a message in the form {@code where: what expected X, got Y}. */
  TrainingDivergedException(long step, String message) {
    super(message);
    this.step = step;
  }

  /** This exception with more advice, where the checkpoints of the run are known. */
  TrainingDivergedException with(String advice) {
    var advised = new TrainingDivergedException(step, getMessage() + advice);
    advised.setStackTrace(getStackTrace());
    for (Throwable suppressed : getSuppressed()) {
      advised.addSuppressed(suppressed);
    }
    return advised;
  }

  /** The number of the failed update, from 1. */
  public long step() {
    return step;
  }
}
