package io.github.blip2j.cli.evaluation;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.text.QuestionPrompt;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.RankedRun;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.DataName;
import io.github.blip2j.cli.option.DecodingOptions;
import io.github.blip2j.cli.option.GenerationModelOptions;
import io.github.blip2j.cli.text.DatasetRun;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.cli.text.QuestionOptions;
import io.github.blip2j.cli.text.ResultOptions;
import io.github.blip2j.cli.text.ResultTarget;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.evaluation.VqaReport;
import io.github.blip2j.evaluation.data.AnswerResults;
import io.github.blip2j.evaluation.data.AnswerResults.Answer;
import io.github.blip2j.evaluation.data.QuestionItem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 evaluate vqa}. */
@Command(
    name = "vqa",
    description = {
      "Answers the questions of a data set, or takes answers of a result file, and prints their"
          + " accuracy in percent by the rules of VQA, GQA or A-OKVQA.",
      "After mpirun, ranks share the questions."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class VqaEvaluationCommand implements Callable<Integer> {
  private final Console console;

  @Parameters(
      arity = "1",
      paramLabel = "QUESTIONS",
      converter = DataName.class,
      description =
          "The questions of VQAv2, OK-VQA, GQA, A-OKVQA or Visual Genome, or records of {\"image\":"
              + " path, \"question\": text, \"question_id\": id, \"answer\": text or texts} in a JSON"
              + " list, on lines, or in a CSV. "
              + DataName.FORMS)
  private DataFile data = DataFile.of(Path.of(""));

  @Option(
      names = "--annotations",
      paramLabel = "FILE",
      description = "The answers by people, where they are in a file of their own as VQAv2's.")
  private @Nullable Path annotations;

  @Option(
      names = "--results",
      paramLabel = "FILE",
      description =
          "Score these answers, a result file of LAVIS, VQAv2, GQA or A-OKVQA, instead of running a"
              + " model.")
  private @Nullable Path results;

  @Option(
      names = {"--template", "--prompt"},
      paramLabel = "T",
      description =
          "The prompt's template, {} where the question goes; by default the paper's for this kind"
              + " of model.")
  private @Nullable String template;

  @Mixin private QuestionOptions questions = new QuestionOptions();
  @Mixin private ResultOptions resultOptions = new ResultOptions();
  @Mixin private GenerationModelOptions model = new GenerationModelOptions();
  @Mixin private DecodingOptions decoding = new DecodingOptions();

  public VqaEvaluationCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    return RankedRun.of(console, this::run);
  }

  private int run(Console output, Ranks ranks) throws IOException {
    var run = new DatasetRun(output, model, decoding, questions.dataset, ranks);
    ResultTarget target = ranks.agreeIo(() -> target(run));
    List<QuestionItem> all = ranks.agreeIo(this::withAnswers);
    List<QuestionItem> asked = questions.dataset.limited(all);
    List<Answer> answers =
        results == null ? generated(run, asked, target, ranks) : given(all, results, asked.size());
    if (ranks.isFirst()) {
      print(run, asked, answers, target);
    }
    return ExitCode.OK;
  }

  private ResultTarget target(DatasetRun run) throws IOException {
    try {
      ResultTarget target = resultOptions.target();
      target.requireNoneOf(
          annotations == null ? data.paths() : data.withAnnotations(annotations).paths());
      questions.requireAgreement();
      run.requireAgreement(true);
      if (template != null) {
        new QuestionPrompt(template); // checks it
      }
      if (results != null) {
        model.requireNone("--results");
      }
      if (results != null && target.out() != null) {
        throw new IllegalArgumentException("--results: got --out too; leave one of them out");
      }
      return target;
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private List<QuestionItem> withAnswers() throws IOException {
    List<QuestionItem> all =
        questions.read(annotations == null ? data : data.withAnnotations(annotations));
    for (QuestionItem each : all) {
      if (each.question().answers().isEmpty() && each.rightChoice() == null) {
        throw new IOException(
            (annotations == null ? data.path() : annotations)
                + ": answers of people expected to every question, got none to "
                + each.id()
                + "; name a file with --annotations, or use blip2 vqa --data");
      }
    }
    return all;
  }

  private List<Answer> generated(
      DatasetRun run, List<QuestionItem> asked, ResultTarget target, Ranks ranks)
      throws IOException {
    Map<String, Answer> answers = questions.finished(run.answers(asked, data, template, target));
    if (target.out() != null && ranks.isFirst()) {
      AnswerResults.write(target.file(), questions.format(asked), answers);
    }
    return List.copyOf(answers.values());
  }

  private List<Answer> given(List<QuestionItem> all, Path file, int count) throws IOException {
    Map<String, Answer> answers = questions.finished(AnswerResults.read(file));
    AnswerResults.requireOf(all, answers, data.path());
    return AnswerResults.of(all.subList(0, count), answers, file);
  }

  private void print(
      DatasetRun run, List<QuestionItem> asked, List<Answer> answers, ResultTarget target) {
    VqaReport.Metric metric = questions.metric(asked);
    VqaReport report = VqaReport.of(asked, answers, metric);
    if (!model.run.json) {
      report.byAnswerType().forEach((type, percent) -> line(type, percent));
      line("multiple choice", report.choice());
      line(asked.size() + " questions", report.direct());
      return;
    }
    JsonObject document = ScoreDocument.of("vqa", results == null ? model.modelName() : null, data);
    document.addProperty("questions", asked.size());
    document.addProperty("benchmark", metric.name().toLowerCase(Locale.ROOT));
    var scores = new JsonObject();
    scores.addProperty("overall", report.direct());
    scores.addProperty("multiple_choice", report.choice());
    document.add("scores", scores);
    document.add("perAnswerType", ScoreDocument.numbers(report.byAnswerType()));
    document.add("perQuestionType", ScoreDocument.numbers(report.byQuestionType()));
    ScoreDocument.finish(
        document,
        results == null ? target.name() : results.toString(),
        run.earlier(),
        run.milliseconds());
    JsonReport.print(console, document);
  }

  private void line(String what, @Nullable Double percent) {
    if (percent != null) {
      console.out().println(String.format(Locale.ROOT, "%s: %.2f", what, percent));
    }
  }
}
