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
 */
public record Question(
    @Nullable String id,
    String text,
    List<Answer> answers,
    List<String> choices,
    @Nullable Integer correctChoice) {

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

  /** This question with answers. */
  public Question withAnswers(List<Answer> newAnswers) {
    return new Question(id, text, newAnswers, choices, correctChoice);
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
