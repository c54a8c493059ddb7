package io.github.blip2j.training;

/**
 * How far a run has come; always between two updates.
 *
 * @param step how many updates were made
 * @param epoch the epoch it is in, from 0
 * @param batch how many batches of that epoch were learnt
 */
public record TrainingPosition(long step, int epoch, long batch) {
  /** Before the first batch. */
  public static final TrainingPosition START = new TrainingPosition(0, 0, 0);

  /** One update later, which took so many batches. */
  TrainingPosition after(int batches) {
    return new TrainingPosition(step + 1, epoch, batch + batches);
  }

  /** The beginning of the next epoch. */
  TrainingPosition nextEpoch() {
    return new TrainingPosition(step, epoch + 1, 0);
  }
}
