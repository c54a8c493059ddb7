package io.github.blip2j.evaluation.data;

import io.github.blip2j.data.Answer;
import io.github.blip2j.data.Question;
import io.github.blip2j.metrics.HumanAnswer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A question about an image, to be answered and scored.
 *
 * @param id the question's id, as results name it
 * @param image path of the file, within the folder of images, or null if the file does not tell
 * @param question the question, with answers by people unless it is of a test set
 */
public record QuestionItem(String id, @Nullable String image, Question question) {
  /**
   * The answers by people, in their order. People that the file has no record of are told apart by
   * their number.
   */
  public List<HumanAnswer> people() {
    List<HumanAnswer> people = new ArrayList<>();
    for (Answer each : question.answers()) {
      Answer.@Nullable Person person = each.person();
      people.add(
          person == null
              ? new HumanAnswer(each.text(), Integer.toString(people.size() + 1), null)
              : new HumanAnswer(each.text(), person.id(), person.confidence()));
    }
    return people;
  }

  /** Whether it is a question of multiple choice. */
  public boolean hasChoices() {
    return !question.choices().isEmpty();
  }

  /** The right one of the choices, or null if it is not known. */
  public @Nullable String rightChoice() {
    @Nullable Integer right = question.correctChoice();
    return right == null ? null : question.choices().get(right);
  }
}
