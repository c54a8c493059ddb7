package io.github.blip2j.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A question about an image.
 *
 * @param id its id in the data set, or null
 * @param text the question
 * @param answers what people answered, in the file's order; an answer that several people gave is
 *     there as often; none in a test set
 * @param choices the answers to choose from, or none if any answer may be given
 * @param correctChoice index of the right choice, or null
 * @param type kind of question and answer, or null
 */
public record Question(
    @Nullable String id,
    String text,
    List<Answer> answers,
    List<String> choices,
    @Nullable Integer correctChoice,
    @Nullable Type type) {

  /**
   * The kind of a question, as VQAv2 and OK-VQA tell it.
   *
   * @param question such as {@code how many}, or null if the file does not tell
   * @param answer {@code yes/no}, {@code number} or {@code other}, or null if the file does not
   *     tell
   */
  public record Type(@Nullable String question, @Nullable String answer) {}

  /** Checks that the right choice is one of the choices. */
  public Question {
    answers = List.copyOf(answers);
    choices = List.copyOf(choices);
    if (correctChoice != null && (correctChoice < 0 || correctChoice >= choices.size())) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "question: correct choice expected one of %d, got index %d",
              choices.size(),
              correctChoice));
    }
  }

  /** A question without a type. */
  public Question(
      @Nullable String id,
      String text,
      List<Answer> answers,
      List<String> choices,
      @Nullable Integer correctChoice) {
    this(id, text, answers, choices, correctChoice, null);
  }

  /** A question of any answer. */
  public static Question of(@Nullable String id, String text, List<Answer> answers) {
    return new Question(id, text, answers, List.of(), null);
  }

  /** This question with another id. */
  public Question withId(String newId) {
    return new Question(newId, text, answers, choices, correctChoice, type);
  }

  /** This question with answers. */
  public Question withAnswers(List<Answer> newAnswers) {
    return new Question(id, text, newAnswers, choices, correctChoice, type);
  }

  /** This question with a type, or without one for null. */
  public Question withType(@Nullable Type newType) {
    return new Question(id, text, answers, choices, correctChoice, newType);
  }

  /** This question with answers to choose from, and the index of the right one or null. */
  public Question withChoices(List<String> newChoices, @Nullable Integer correct) {
    return new Question(id, text, answers, newChoices, correct, type);
  }

  /** The texts of all answers, one for each person. */
  public List<String> answerTexts() {
    return answers.stream().map(Answer::text).toList();
  }

  /**
   * Each different answer with the sum of its weights, in the order of their first mention: what
   * LAVIS's VQA data sets train with.
   */
  public Map<String, Double> weightedAnswers() {
    Map<String, Double> weights = new LinkedHashMap<>();
    answers.forEach(each -> weights.merge(each.text(), each.weight(), Double::sum));
    return weights;
  }
}
