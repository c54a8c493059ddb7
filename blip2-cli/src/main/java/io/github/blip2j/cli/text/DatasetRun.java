package io.github.blip2j.cli.text;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.Remaining;
import io.github.blip2j.cli.console.Timings;
import io.github.blip2j.cli.option.DecodingOptions;
import io.github.blip2j.cli.option.GenerationModelOptions;
import io.github.blip2j.cli.option.ImageArguments;
import io.github.blip2j.cli.option.ModelIdentity;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.evaluation.CaptioningTask;
import io.github.blip2j.evaluation.EvaluationListener;
import io.github.blip2j.evaluation.ImageFolder;
import io.github.blip2j.evaluation.RunJournal;
import io.github.blip2j.evaluation.VqaTask;
import io.github.blip2j.evaluation.data.AnswerResults.Answer;
import io.github.blip2j.evaluation.data.CaptionItem;
import io.github.blip2j.evaluation.data.QuestionItem;
import io.github.blip2j.generation.GenerationConfig;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Captions or answers of a whole data set, which a stopped run does not compute again. */
public final class DatasetRun {
  private final Console console;
  private final GenerationModelOptions model;
  private final DecodingOptions decoding;
  private final DatasetOptions dataset;
  private final Ranks ranks;
  private final Timings timings = new Timings("load", "preprocess", "compute");
  private int earlier;

  /**
   * A run.
   *
   * @param console silent on all ranks but the first
   */
  public DatasetRun(
      Console console,
      GenerationModelOptions model,
      DecodingOptions decoding,
      DatasetOptions dataset,
      Ranks ranks) {
    this.console = console;
    this.model = model;
    this.decoding = decoding;
    this.dataset = dataset;
    this.ranks = ranks;
  }

  /** Work with a loaded model. */
  private interface Work<T> {
    T run(Blip2 blip2, ImageFolder images, RunJournal journal, EvaluationListener listener)
        throws IOException;
  }

  /**
   * Captions images.
   *
   * @return captions by image id
   */
  public Map<String, String> captions(
      List<CaptionItem> items, DataFile data, String prompt, ResultTarget target)
      throws IOException {
    return with(
        TextTask.CAPTION,
        data,
        items.isEmpty() ? null : items.get(0).image(),
        prompt,
        target,
        (blip2, images, journal, listener) -> {
          CaptioningTask task =
              CaptioningTask.of(blip2)
                  .withPrompt(prompt)
                  .withDecoding(decoding.over(TextTask.CAPTION.usual(blip2)))
                  .among(ranks)
                  .onProgress(listener);
          @Nullable Integer batch = target.batchSize();
          return (batch == null ? task : task.withBatchSize(batch)).run(items, images, journal);
        });
  }

  /**
   * Answers questions.
   *
   * @param template of the prompts, or null for the model's
   * @return answers by question id
   */
  public Map<String, Answer> answers(
      List<QuestionItem> questions, DataFile data, @Nullable String template, ResultTarget target)
      throws IOException {
    return with(
        TextTask.ANSWER,
        data,
        questions.isEmpty() ? null : questions.get(0).image(),
        template == null ? "" : template,
        target,
        (blip2, images, journal, listener) -> {
          Blip2 asked =
              template == null
                  ? blip2
                  : blip2.withQuestions(blip2.questions().withTemplate(template));
          VqaTask task =
              VqaTask.of(asked)
                  .withDecoding(decoding.over(TextTask.ANSWER.usual(blip2)))
                  .among(ranks)
                  .onProgress(listener);
          @Nullable Integer batch = target.batchSize();
          return (batch == null ? task : task.withBatchSize(batch)).run(questions, images, journal);
        });
  }

  /** How many results are of earlier runs. */
  public int earlier() {
    return earlier;
  }

  /** The time of each stage. */
  public Map<String, Double> milliseconds() {
    return timings.milliseconds();
  }

  private <T> T with(
      TextTask task,
      DataFile data,
      @Nullable String firstImage,
      String prompt,
      ResultTarget target,
      Work<T> work)
      throws IOException {
    GenerationConfig expected = decoding.over(task.usual(model.convention()));
    decoding.idle(expected).forEach(console::complain);
    Map<String, String> settings =
        ranks.agreeIo(
            () -> {
              Map<String, String> all = new LinkedHashMap<>();
              all.put("task", task.name());
              all.put("model", model.modelName() + " " + model.identity());
              all.put("data", ModelIdentity.ofContent(data));
              all.put("images", ModelIdentity.ofImages(dataset.folder(data), firstImage));
              all.put("prompt", prompt);
              all.put("decoding", expected.toString());
              all.put("exif", Boolean.toString(model.exif));
              return all;
            });
    var arguments = new ImageArguments(console, model.exif);
    var images =
        new ImageFolder(
            dataset.folder(data), file -> timings.time("preprocess", () -> arguments.read(file)));
    try (RunJournal journal = target.journal(settings, ranks);
        var progress = Progress.on(console)) {
      progress.doing("loading " + model.modelName());
      try (Blip2 blip2 = ranks.agreeIo(() -> timings.time("load", model::load))) {
        var remaining = new Remaining(task == TextTask.CAPTION ? "images" : "questions");
        EvaluationListener listener =
            (done, before, of) -> {
              earlier = before;
              progress.doing(remaining.at(done, of));
            };
        return timings.time("compute", () -> work.run(blip2, images, journal, listener));
      }
    }
  }

  /**
   * Checks the options of the model, the decoding and the data.
   *
   * @throws IllegalArgumentException if one is out of range or two contradict each other
   */
  public void requireAgreement(boolean answers) {
    model.prepare();
    dataset.requireAgreement();
    TextTask task = answers ? TextTask.ANSWER : TextTask.CAPTION;
    decoding.over(task.usual(model.convention()));
  }
}
