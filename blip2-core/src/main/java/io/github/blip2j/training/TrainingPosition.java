package io.github.blip2j.training;

/**
 * The position of a run, between two updates.
 *
 * @param step the number of updates
 * @param epoch the epoch it is in, from 0
 * @param batch the number of batches of that epoch that were used
 */
public record TrainingPosition(long step, int epoch, long batch) {
  /** Before the first batch. */
  public static final TrainingPosition START = new TrainingPosition(0, 0, 0);

  /** The position after one more update of {@code batches} batches. */
  public TrainingPosition after(int batches) {
    return new TrainingPosition(step + 1, epoch, batch + batches);
  }

  /** The beginning of the next epoch. */
  public TrainingPosition nextEpoch() {
    return new TrainingPosition(step, epoch + 1, 0);
  }
}
