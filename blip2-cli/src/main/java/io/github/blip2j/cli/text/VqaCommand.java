package io.github.blip2j.cli.text;

import io.github.blip2j.blip2.text.Conversation;
import io.github.blip2j.blip2.text.QuestionPrompt;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.RankedRun;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.DataName;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.distributed.Ranks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code blip2 vqa}: visual question answering. */
@Command(
    name = "vqa",
    description = {
      "Answers questions about images.",
      "After mpirun, ranks share the questions of --data; the first prints and writes."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class VqaCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private TextOptions options = new TextOptions();

  @Option(
      names = "--question",
      paramLabel = "Q",
      description = "A question; give several for an answer to each.")
  private List<String> questions = new ArrayList<>();

  @Option(
      names = {"--template", "--prompt"},
      paramLabel = "T",
      description =
          "The prompt's template, {} where the question goes; by default the paper's for this kind "
              + "of model, as 'Question: {} Answer:' for OPT.")
  private @Nullable String template;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      converter = DataName.class,
      description =
          "Answer the questions of a data set, in a file that training reads, such as VQAv2's,"
              + " OK-VQA's, GQA's, A-OKVQA's or LAVIS's. With --out FILE.json; the same command resumes a stopped"
              + " run.")
  private @Nullable DataFile data;

  @Mixin private QuestionOptions dataset = new QuestionOptions();

  @Mixin private ResultOptions results = new ResultOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--context",
      paramLabel = "Q=A",
      description =
          "An earlier question and its answer, for questions that follow up on it; give several "
              + "in order. The last = separates the two.")
  private List<String> context = new ArrayList<>();

  public VqaCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    options.requireImages(spec, data != null);
    if (data != null) {
      DataFile file = data;
      return RankedRun.of(console, (output, ranks) -> dataset(file, output, ranks));
    }
    if (questions.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "missing required option: '--question=Q'");
    }
    if (dataset.areGiven() || results.areGiven()) {
      throw new ParameterException(
          spec.commandLine(), "--data: a file expected with options of data sets, got none");
    }
    return RankedRun.of(console, this::answer);
  }

  private int answer(Console output, Ranks ranks) throws IOException {
    RankedRun.requireAlone(
        ranks, "vqa", "give --data to share the questions of a file, or leave mpirun out");
    return TextRun.of(options, TextTask.ANSWER, this::prompts, output).run();
  }

  private int dataset(DataFile file, Console output, Ranks ranks) throws IOException {
    ResultTarget target = ranks.agreeIo(() -> target(file, output, ranks));
    return new AnswerDataset(output, options, dataset, target, ranks).run(file, template);
  }

  private ResultTarget target(DataFile file, Console output, Ranks ranks) throws IOException {
    try {
      if (!questions.isEmpty() || !context.isEmpty() || options.stream || options.echo) {
        throw new IllegalArgumentException(
            "--data: questions expected in the file alone; leave out --question, --context,"
                + " --stream and --echo");
      }
      ResultTarget target = results.target();
      target.file();
      target.requireNoneOf(file.paths());
      dataset.requireAgreement();
      new DatasetRun(output, options.model, options.decoding, dataset.dataset, ranks)
          .requireAgreement(true);
      if (template != null) {
        new QuestionPrompt(template); // checks it
      }
      return target;
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  /** The prompts of all questions; invalid questions are refused before the model is loaded. */
  private TextRun.Prompts prompts() {
    Conversation before = before();
    QuestionPrompt tried = template == null ? QuestionPrompt.ANSWER : new QuestionPrompt(template);
    questions.forEach(tried::ask);
    return blip2 ->
        prompts(
            template == null ? blip2.questions() : blip2.questions().withTemplate(template),
            before);
  }

  private List<String> prompts(QuestionPrompt template, Conversation before) {
    return questions.stream().map(question -> template.ask(before, question)).toList();
  }

  private Conversation before() {
    Conversation before = Conversation.empty();
    for (String turn : context) {
      int at = turn.lastIndexOf('=');
      if (at < 0) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "--context: question=answer expected, got '%s'", turn));
      }
      before = before.and(turn.substring(0, at), turn.substring(at + 1));
    }
    return before;
  }
}
