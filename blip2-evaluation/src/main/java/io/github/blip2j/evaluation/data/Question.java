package io.github.blip2j.evaluation.data;

import io.github.blip2j.metrics.HumanAnswer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A question about an image.
 *
 * @param id the question's id, as results name it
 * @param image path of the file, within the folder of images
 * @param text the question
 * @param answers of people; none for a test set
 * @param choice what may be chosen from, or null if the answer is open
 * @param type of question and answer, for VQAv2's partial scores, or null
 */
public record Question(
    String id,
    String image,
    String text,
    List<HumanAnswer> answers,
    @Nullable Choice choice,
    @Nullable Type type) {
  /** Copies the list. */
  public Question {
    answers = List.copyOf(answers);
  }

  /**
   * The choices of a multiple-choice question.
   *
   * @param texts at least two
   * @param right the number of the right one, or -1 if it is not told
   */
  public record Choice(List<String> texts, int right) {
    /** Copies the list. */
    public Choice {
      texts = List.copyOf(texts);
    }
  }

  /**
   * VQAv2's types.
   *
   * @param question such as {@code how many}
   * @param answer {@code yes/no}, {@code number} or {@code other}
   */
  public record Type(String question, String answer) {}

  static Question of(String id, String image, String text) {
    return new Question(id, image, text, List.of(), null, null);
  }

  Question withAnswers(List<HumanAnswer> newAnswers, @Nullable Type newType) {
    return new Question(id, image, text, newAnswers, choice, newType);
  }

  Question withChoice(@Nullable Choice newChoice) {
    return new Question(id, image, text, answers, newChoice, type);
  }
}
