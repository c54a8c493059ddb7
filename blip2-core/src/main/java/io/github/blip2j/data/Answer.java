package io.github.blip2j.data;

/**
 * An answer to a question, and its weight in training.
 *
 * @param text the answer as a person gave it
 * @param weight share of the question's loss: 1/n of n people, 0.2 for Visual Genome as in LAVIS
 */
public record Answer(String text, double weight) {
  /** Checks the weight. */
  public Answer {
    if (!(weight > 0 && weight <= 1)) {
      throw new IllegalArgumentException("answer: weight expected in (0, 1], got " + weight);
    }
  }
}
