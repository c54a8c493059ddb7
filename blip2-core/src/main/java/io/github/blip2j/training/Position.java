package io.github.blip2j.training;

/**
 * How far a run has come; always between two updates.
 *
 * @param step how many updates were made
 * @param epoch the epoch it is in, from 0
 * @param batch how many batches of that epoch were learnt
 */
public record Position(long step, int epoch, long batch) {
  /** Before the first batch. */
  public static final Position START = new Position(0, 0, 0);

  /** One update later, which took so many batches. */
  Position after(int batches) {
    return new Position(step + 1, epoch, batch + batches);
  }

  /** The beginning of the next epoch. */
  Position nextEpoch() {
    return new Position(step, epoch + 1, 0);
  }
}
