package io.github.blip2j.cli.text;

import io.github.blip2j.data.DataFile;
import io.github.blip2j.data.ImageNames;
import io.github.blip2j.evaluation.VqaReport.Metric;
import io.github.blip2j.evaluation.data.AnswerResults.Answer;
import io.github.blip2j.evaluation.data.AnswerResults.Format;
import io.github.blip2j.evaluation.data.QuestionItem;
import io.github.blip2j.evaluation.data.QuestionItems;
import io.github.blip2j.metrics.AnswerLemmatizer;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options of a data set of questions. */
public final class QuestionOptions {
  @Option(
      names = "--benchmark",
      paramLabel = "vqa|gqa|aokvqa",
      converter = MetricName.class,
      description =
          "Whose rules and result files apply: vqa for VQAv2, OK-VQA and VizWiz. By default the"
              + " data's: aokvqa with choices, gqa with one answer to each question, else vqa.")
  @Nullable Metric metric;

  @Option(
      names = "--image-names",
      paramLabel = "T",
      description =
          "File names of images that the data knows by id: {} is the id, {12} the id with zeros up"
              + " to 12 digits, as in COCO_val2014_{12}.jpg.")
  private @Nullable String names;

  @Option(
      names = "--lemmatize",
      description =
          "Reduce the words of answers to their base form, for OK-VQA and A-OKVQA; by own rules"
              + " where LAVIS takes spaCy's.")
  private boolean lemmatize;

  @Mixin public DatasetOptions dataset = new DatasetOptions();

  /** Reads names of metrics. */
  static final class MetricName implements ITypeConverter<Metric> {
    @Override
    public Metric convert(String value) {
      for (Metric metric : Metric.values()) {
        if (metric.name().toLowerCase(Locale.ROOT).equals(value)) {
          return metric;
        }
      }
      throw new TypeConversionException("expected vqa, gqa or aokvqa, got '" + value + "'");
    }
  }

  /** Whether any of them is given. */
  boolean areGiven() {
    return metric != null || names != null || lemmatize || dataset.areGiven();
  }

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if one is wrong
   */
  public void requireAgreement() {
    imageNames();
    dataset.requireAgreement();
  }

  /** The questions of a file. */
  public List<QuestionItem> read(DataFile data) throws IOException {
    @Nullable ImageNames given = imageNames();
    DataFile named = given == null ? data : data.withImageNames(given);
    return QuestionItems.read(named, dataset.folder(data));
  }

  private @Nullable ImageNames imageNames() {
    try {
      return names == null ? null : new ImageNames(names);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--image-names: " + e.getMessage(), e);
    }
  }

  /** The rules that answers are scored by. */
  public Metric metric(List<QuestionItem> questions) {
    return metric == null ? Metric.of(questions) : metric;
  }

  /**
   * The format of the result file; questions without answers are VQA's unless they have choices.
   */
  public Format format(List<QuestionItem> questions) {
    boolean unknown =
        metric == null
            && questions.stream().allMatch(each -> each.question().answers().isEmpty())
            && questions.stream().noneMatch(QuestionItem::hasChoices);
    return unknown ? Format.VQA : Format.valueOf(metric(questions).name());
  }

  /** The answers as they are scored and written. */
  public Map<String, Answer> finished(Map<String, Answer> answers) {
    if (!lemmatize) {
      return answers;
    }
    Map<String, Answer> finished = new LinkedHashMap<>();
    answers.forEach(
        (id, answer) -> {
          @Nullable String direct = answer.direct();
          finished.put(
              id,
              new Answer(
                  direct == null ? null : AnswerLemmatizer.lemmatize(direct), answer.chosen()));
        });
    return finished;
  }
}
