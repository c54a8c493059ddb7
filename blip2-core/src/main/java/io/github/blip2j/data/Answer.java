package io.github.blip2j.data;

import org.jspecify.annotations.Nullable;

/**
 * An answer to a question, and its weight in training.
 *
 * @param text the answer as a person gave it
 * @param weight share of the question's loss: 1/n of n people, 0.2 for Visual Genome as in LAVIS
 * @param person what the file says of the person, or null if it has texts alone
 */
public record Answer(String text, double weight, @Nullable Person person) {
  /**
   * One of the people who answered a question of VQAv2 or OK-VQA.
   *
   * @param id number of the answer ({@code answer_id}), or null
   * @param confidence such as {@code yes} or {@code maybe}, or null
   */
  public record Person(@Nullable String id, @Nullable String confidence) {}

  /** Checks the weight. */
  public Answer {
    if (!(weight > 0 && weight <= 1)) {
      throw new IllegalArgumentException("answer: weight expected in (0, 1], got " + weight);
    }
  }

  /** An answer of which no more is known. */
  public Answer(String text, double weight) {
    this(text, weight, null);
  }
}
