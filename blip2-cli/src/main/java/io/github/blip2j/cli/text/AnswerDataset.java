package io.github.blip2j.cli.text;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.evaluation.data.AnswerResults;
import io.github.blip2j.evaluation.data.AnswerResults.Answer;
import io.github.blip2j.evaluation.data.QuestionItem;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code vqa --data}: answers to the questions of a data set to a result file. */
final class AnswerDataset {
  private final Console console;
  private final TextOptions options;
  private final QuestionOptions questions;
  private final ResultTarget target;

  AnswerDataset(
      Console console, TextOptions options, QuestionOptions questions, ResultTarget target) {
    this.console = console;
    this.options = options;
    this.questions = questions;
    this.target = target;
  }

  int run(DataFile data, @Nullable String template) throws IOException {
    var run = new DatasetRun(console, options.model, options.decoding, questions.dataset);
    List<QuestionItem> asked = questions.dataset.limited(questions.read(data));
    Map<String, Answer> answers = questions.finished(run.answers(asked, data, template, target));
    AnswerResults.write(target.file(), questions.format(asked), answers);
    CaptionDataset.report(console, options, run, target, answers.size(), "answers");
    return 0;
  }
}
