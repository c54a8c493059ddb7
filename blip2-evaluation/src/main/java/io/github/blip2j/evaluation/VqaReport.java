package io.github.blip2j.evaluation;

import io.github.blip2j.data.Question;
import io.github.blip2j.evaluation.data.AnswerResults.Answer;
import io.github.blip2j.evaluation.data.QuestionItem;
import io.github.blip2j.metrics.HumanAnswer;
import io.github.blip2j.metrics.VqaAccuracy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Accuracies of answers in percent.
 *
 * @param direct of open answers, or null if there are none
 * @param choice of multiple choice, or null if no right choice is known
 * @param byQuestionType of open answers to each type of question, rounded to two digits
 * @param byAnswerType of open answers of each type, rounded to two digits
 */
public record VqaReport(
    @Nullable Double direct,
    @Nullable Double choice,
    Map<String, Double> byQuestionType,
    Map<String, Double> byAnswerType) {
  /** The rules that answers are scored by. */
  public enum Metric {
    /** VQA's, for VQAv2, OK-VQA and VizWiz; rounded to two digits, as LAVIS does. */
    VQA {
      @Override
      double of(String answer, List<HumanAnswer> people) {
        return VqaAccuracy.vqa(answer, people);
      }
    },
    /** Equal or not, for GQA. */
    GQA {
      @Override
      double of(String answer, List<HumanAnswer> people) {
        return VqaAccuracy.gqa(answer, people);
      }
    },
    /** A-OKVQA's for direct answers. */
    AOKVQA {
      @Override
      double of(String answer, List<HumanAnswer> people) {
        return VqaAccuracy.aokvqa(answer, people);
      }
    };

    abstract double of(String answer, List<HumanAnswer> people);

    /**
     * The metric of questions: A-OKVQA's if they have choices, GQA's if each has one answer, else
     * VQA's.
     */
    public static Metric of(List<QuestionItem> questions) {
      if (questions.stream().anyMatch(QuestionItem::hasChoices)) {
        return AOKVQA;
      }
      boolean single = questions.stream().allMatch(item -> item.question().answers().size() <= 1);
      return single ? GQA : VQA;
    }
  }

  /** Copies the maps. */
  public VqaReport {
    byQuestionType = Collections.unmodifiableMap(new LinkedHashMap<>(byQuestionType));
    byAnswerType = Collections.unmodifiableMap(new LinkedHashMap<>(byAnswerType));
  }

  /**
   * Scores answers.
   *
   * @param answers one for each question, in the same order
   * @throws IllegalArgumentException if there is no question, a question lacks what the metric
   *     needs, or there are not as many answers
   */
  public static VqaReport of(List<QuestionItem> questions, List<Answer> answers, Metric metric) {
    if (questions.isEmpty() || answers.size() != questions.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "vqa: questions expected at least 1, and an answer for each, got %d and %d",
              questions.size(),
              answers.size()));
    }
    var scores = new Scores();
    for (int i = 0; i < questions.size(); i++) {
      try {
        scores.add(questions.get(i), answers.get(i), metric);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "question " + questions.get(i).id() + ": " + e.getMessage(), e);
      }
    }
    return scores.report(metric);
  }

  /** Collects the accuracy of each question. */
  private static final class Scores {
    private final List<Double> direct = new ArrayList<>();
    private final List<Double> choice = new ArrayList<>();
    private final Map<String, List<Double>> byQuestion = new LinkedHashMap<>();
    private final Map<String, List<Double>> byAnswer = new LinkedHashMap<>();

    void add(QuestionItem item, Answer answer, Metric metric) {
      if (answer.direct() != null) {
        double accuracy = metric.of(answer.direct(), item.people());
        direct.add(accuracy);
        Question.@Nullable Type type = item.question().type();
        if (type != null) {
          count(byQuestion, type.question(), accuracy);
          count(byAnswer, type.answer(), accuracy);
        }
      }
      @Nullable String right = item.rightChoice();
      if (answer.chosen() != null && right != null) {
        choice.add(answer.chosen().equals(right) ? 1.0 : 0.0);
      }
    }

    private static void count(
        Map<String, List<Double>> groups, @Nullable String name, double accuracy) {
      if (name != null) {
        groups.computeIfAbsent(name, none -> new ArrayList<>()).add(accuracy);
      }
    }

    VqaReport report(Metric metric) {
      @Nullable Double open = percent(direct);
      if (open != null && metric == Metric.VQA) {
        open = VqaAccuracy.percent(open / 100);
      }
      return new VqaReport(open, percent(choice), rounded(byQuestion), rounded(byAnswer));
    }

    private static @Nullable Double percent(List<Double> accuracies) {
      return accuracies.isEmpty() ? null : 100 * mean(accuracies);
    }

    private static Map<String, Double> rounded(Map<String, List<Double>> groups) {
      Map<String, Double> rounded = new LinkedHashMap<>();
      groups.forEach((name, some) -> rounded.put(name, VqaAccuracy.percent(mean(some))));
      return rounded;
    }

    private static double mean(List<Double> values) {
      double sum = 0;
      for (Double value : values) {
        sum += Objects.requireNonNull(value);
      }
      return sum / values.size();
    }
  }
}
