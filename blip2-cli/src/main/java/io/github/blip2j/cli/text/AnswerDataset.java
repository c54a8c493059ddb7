package io.github.blip2j.cli.text;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.evaluation.data.AnswerResults;
import io.github.blip2j.evaluation.data.AnswerResults.Answer;
import io.github.blip2j.evaluation.data.QuestionItem;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/** {@code vqa --data}: answers to the questions of a data set to a result file. */
final class AnswerDataset {
  private final Console console;
  private final TextOptions options;
  private final QuestionOptions questions;
  private final ResultTarget target;
  private final Ranks ranks;

  AnswerDataset(
      Console console,
      TextOptions options,
      QuestionOptions questions,
      ResultTarget target,
      Ranks ranks) {
    this.console = console;
    this.options = options;
    this.questions = questions;
    this.target = target;
    this.ranks = ranks;
  }

  int run(DataFile data, @Nullable String template) throws IOException {
    var run = new DatasetRun(console, options.model, options.decoding, questions.dataset, ranks);
    List<QuestionItem> asked = ranks.agreeIo(() -> questions.dataset.limited(questions.read(data)));
    Map<String, Answer> answers = questions.finished(run.answers(asked, data, template, target));
    if (!ranks.isFirst()) {
      return ExitCode.OK;
    }
    AnswerResults.write(target.file(), questions.format(asked), answers);
    CaptionDataset.report(console, options, run, target, answers.size(), "answers");
    return ExitCode.OK;
  }
}
