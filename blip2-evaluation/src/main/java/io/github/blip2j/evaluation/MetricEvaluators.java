package io.github.blip2j.evaluation;

import io.github.blip2j.data.RetrievalSet;
import io.github.blip2j.evaluation.data.AnswerResults.Answer;
import io.github.blip2j.evaluation.data.CaptionItem;
import io.github.blip2j.evaluation.data.QuestionItem;
import io.github.blip2j.training.validation.Evaluator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Metrics of a model while it is trained, for {@link
 * io.github.blip2j.training.validation.Validation}: the numbers that {@code blip2 evaluate} prints,
 * of the weights as they are.
 *
 * <pre>{@code
 * Blip2 generator = model.openGenerator(); // of a StageTwoModel
 * Evaluator captions = MetricEvaluators.captions(CaptioningTask.of(generator), items, images);
 * Validation.of(List.of(captions)).withBest(BestMetric.max("CIDEr"));
 * }</pre>
 *
 * <p>A model whose scores are NaN ends the validation with an error that says so.
 */
public final class MetricEvaluators {
  /** The name of the accuracy of answers. */
  public static final String ACCURACY = "vqa_accuracy";

  /** The name of the accuracy of choices. */
  public static final String CHOICE_ACCURACY = "multiple_choice";

  private MetricEvaluators() {}

  /**
   * Scores of captions: {@code Bleu_1} to {@code Bleu_4}, {@code ROUGE_L}, {@code CIDEr} and {@code
   * agg_metrics}.
   *
   * @throws IllegalArgumentException if there is no image, or one without captions by people
   */
  public static Evaluator captions(
      CaptioningTask task, List<CaptionItem> items, ImageFolder images) {
    requireAny("images", items);
    for (CaptionItem each : items) {
      if (each.references().isEmpty()) {
        throw new IllegalArgumentException(
            "validation: captions expected of every image, got none of " + each.id());
      }
    }
    return at -> {
      Map<String, String> captions = task.run(items, images, RunJournal.inMemory());
      return CaptionReport.of(items, List.copyOf(captions.values())).all().named();
    };
  }

  /**
   * The accuracy of answers in percent, {@value #ACCURACY}, and of choices if there are right ones,
   * {@value #CHOICE_ACCURACY}.
   *
   * @throws IllegalArgumentException if there is no question, or one without answers by people
   */
  public static Evaluator answers(
      VqaTask task, List<QuestionItem> questions, ImageFolder images, VqaReport.Metric metric) {
    requireAny("questions", questions);
    for (QuestionItem each : questions) {
      if (each.question().answers().isEmpty()) {
        throw new IllegalArgumentException(
            "validation: answers of people expected to every question, got none to " + each.id());
      }
    }
    return at -> {
      Map<String, Answer> answers = task.run(questions, images, RunJournal.inMemory());
      VqaReport report = VqaReport.of(questions, List.copyOf(answers.values()), metric);
      Map<String, Double> named = new LinkedHashMap<>();
      put(named, ACCURACY, report.direct());
      put(named, CHOICE_ACCURACY, report.choice());
      return named;
    };
  }

  private static void put(Map<String, Double> named, String name, @Nullable Double value) {
    if (value != null) {
      named.put(name, value);
    }
  }

  /**
   * Recall in percent, under LAVIS's names: {@code txt_r1}, {@code img_r10}, {@code r_mean} and so
   * on.
   *
   * @throws IllegalArgumentException if there is no image
   */
  public static Evaluator retrieval(RetrievalTask task, RetrievalSet set, ImageFolder images) {
    requireAny("images", set.images());
    return at -> task.run(set, images, RunJournal.inMemory()).named();
  }

  private static void requireAny(String what, List<?> items) {
    if (items.isEmpty()) {
      throw new IllegalArgumentException(
          "validation: " + what + " expected at least 1 for a metric, got none");
    }
  }
}
