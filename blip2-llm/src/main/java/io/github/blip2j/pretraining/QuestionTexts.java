package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.text.QuestionPrompt;
import io.github.blip2j.data.CaptionRecord;
import io.github.blip2j.text.QuestionText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * How questions with their answers become inputs and outputs of a language model (Li et al. 2023,
 * section 4.3).
 *
 * @param prompt the template of a question, and its cleaning
 * @param choice which of several answers is learnt
 */
public record QuestionTexts(QuestionPrompt prompt, Choice choice) {
  /** The choice of one answer in each epoch. */
  public enum Choice {
    /**
     * An answer is drawn as often as people gave it, so that the expected loss is LAVIS's sum of
     * losses weighted by the share of each answer.
     */
    WEIGHTED,
    /** All different answers are drawn alike, as LAVIS does for InstructBLIP. */
    DISTINCT,
    /** The answer that most people gave; the first of several. */
    MOST_FREQUENT
  }

  /** The paper's template, LAVIS's cleaning of questions, and answers drawn by their weights. */
  public static QuestionTexts lavis() {
    return new QuestionTexts(QuestionPrompt.ANSWER.cleaning(QuestionText.lavis()), Choice.WEIGHTED);
  }

  /** With another template. */
  public QuestionTexts with(QuestionPrompt newPrompt) {
    return new QuestionTexts(newPrompt, choice);
  }

  /** With another choice of the answer. */
  public QuestionTexts with(Choice newChoice) {
    return new QuestionTexts(prompt, newChoice);
  }

  /** The input of a question. */
  String input(CaptionRecord.Question question) {
    return prompt.ask(question.text());
  }

  /** The answer of an epoch. */
  String output(CaptionRecord.Question question, RandomGenerator random) {
    List<String> all = question.answers();
    return switch (choice) {
      case WEIGHTED -> all.get(random.nextInt(all.size()));
      case DISTINCT -> {
        List<String> distinct = all.stream().distinct().toList();
        yield distinct.get(random.nextInt(distinct.size()));
      }
      case MOST_FREQUENT -> mostFrequent(all);
    };
  }

  private static String mostFrequent(List<String> answers) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    answers.forEach(answer -> counts.merge(answer, 1, Integer::sum));
    String best = answers.get(0);
    for (Map.Entry<String, Integer> count : counts.entrySet()) {
      if (count.getValue() > counts.getOrDefault(best, 0)) {
        best = count.getKey();
      }
    }
    return best;
  }
}
