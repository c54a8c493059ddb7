package io.github.blip2j.cli.training;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.text.QuestionPrompt;
import io.github.blip2j.cli.console.Remaining;
import io.github.blip2j.data.CaptionFile;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.data.RetrievalSet;
import io.github.blip2j.evaluation.CaptioningTask;
import io.github.blip2j.evaluation.EvaluationListener;
import io.github.blip2j.evaluation.ImageFolder;
import io.github.blip2j.evaluation.MetricEvaluators;
import io.github.blip2j.evaluation.RetrievalTask;
import io.github.blip2j.evaluation.VqaReport;
import io.github.blip2j.evaluation.VqaTask;
import io.github.blip2j.evaluation.data.CaptionItems;
import io.github.blip2j.evaluation.data.QuestionItem;
import io.github.blip2j.evaluation.data.QuestionItems;
import io.github.blip2j.pretraining.source.DataArgument;
import io.github.blip2j.training.validation.Evaluator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/** Evaluators of the metrics that a run's options choose. */
final class HeldOutMetrics {
  private final MetricOptions options;
  private final Set<MetricGroup> groups;
  private final List<String> files;
  private final Path folder;
  private final Consumer<String> progress;

  /** Metrics of the held-out records of a stage, with words about the progress. */
  HeldOutMetrics(StageOptions stage, Consumer<String> progress) {
    this.options = stage.validation.metrics;
    this.groups = stage.validation.metricGroups();
    this.files = stage.validation.files;
    Path own = stage.validation.images;
    this.folder = own == null ? stage.data.folder() : own;
    this.progress = progress;
  }

  /** Whether there are any. */
  boolean areChosen() {
    return !groups.isEmpty();
  }

  /** With recall by this model, if it is chosen. */
  TrainingRun.Work retrieval(TrainingRun.Work work, ImageTextMatcher matcher) throws IOException {
    DataFile file = file();
    RetrievalSet set = RetrievalSet.of(CaptionFile.read(file, folder)).first(options.limit());
    set.files(folder);
    var parts = new Progress("images");
    RetrievalTask task =
        RetrievalTask.of(matcher)
            .withCandidates(options.candidates())
            .onProgress(
                (part, done, of) -> {
                  if (part == RetrievalTask.Part.IMAGES) {
                    parts.done(done, 0, of);
                  }
                });
    return work.with(MetricEvaluators.retrieval(task, set, new ImageFolder(folder, matcher::read)));
  }

  /**
   * With metrics of captions and answers by this model, those that are chosen.
   *
   * @param prompt of captions
   * @param questions the prompts of questions
   * @param before called before each evaluation
   */
  TrainingRun.Work texts(
      TrainingRun.Work work,
      Blip2 generator,
      String prompt,
      QuestionPrompt questions,
      Runnable before)
      throws IOException {
    DataFile file = file();
    var images = new ImageFolder(folder, generator::read);
    TrainingRun.Work measured = work;
    if (groups.contains(MetricGroup.CAPTIONS)) {
      CaptioningTask task =
          CaptioningTask.of(generator)
              .withPrompt(prompt)
              .withDecoding(options.decoding(generator.captionConfig()))
              .onProgress(new Progress("images"));
      Evaluator captions =
          MetricEvaluators.captions(task, first(CaptionItems.read(file, folder)), images);
      measured = measured.with(after(before, captions));
    }
    if (groups.contains(MetricGroup.ANSWERS)) {
      List<QuestionItem> asked = first(QuestionItems.read(file, folder));
      VqaTask task =
          VqaTask.of(generator.withQuestions(questions))
              .withDecoding(options.decoding(generator.answerConfig()))
              .onProgress(new Progress("questions"));
      Evaluator answers = MetricEvaluators.answers(task, asked, images, VqaReport.Metric.of(asked));
      measured = measured.with(after(before, answers));
    }
    return measured;
  }

  private static Evaluator after(Runnable before, Evaluator evaluator) {
    return at -> {
      before.run();
      return evaluator.evaluate(at);
    };
  }

  /** The file of the held-out records. */
  private DataFile file() {
    List<DataArgument> all = DataArgument.parseAll(String.join(",", files));
    if (all.size() != 1 || all.get(0).isShards()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--validate: one file of records expected for metrics, got %s; leave"
                  + " --validate-metrics out for losses alone",
              all.size() == 1 ? "shards" : all.size()));
    }
    return DataFile.parse(all.get(0).name());
  }

  private <T> List<T> first(List<T> items) {
    return items.subList(0, Math.min(options.limit(), items.size()));
  }

  /** Tells of one evaluation after the other. */
  private final class Progress implements EvaluationListener {
    private final String things;
    private Remaining remaining;

    Progress(String things) {
      this.things = things;
      this.remaining = new Remaining(things);
    }

    @Override
    public void done(int done, int earlier, int of) {
      if (done == 0) {
        remaining = new Remaining(things);
      }
      progress.accept("validating, " + remaining.at(done, of));
    }
  }
}
