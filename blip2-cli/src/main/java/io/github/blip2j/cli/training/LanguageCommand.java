package io.github.blip2j.cli.training;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.pretraining.parts.LanguagePart;
import io.github.blip2j.pretraining.parts.LanguageTraining;
import io.github.blip2j.pretraining.parts.PageBatches;
import io.github.blip2j.tensor.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code blip2 train language}: a decoder learns the next word, before the second stage. */
@Command(
    name = "language",
    description = {
      "Trains a decoder such as an OPT by the next token of texts.",
      "Writes run.json, log.jsonl, curves.html, TensorBoard's events and checkpoints to --out, and "
          + "at the end the folder language there, which train stage2 --language reads. Ctrl-C ends "
          + "with a checkpoint; --resume continues from it."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class LanguageCommand implements Callable<Integer> {
  private final Console console;

  @Spec private CommandSpec command = CommandSpec.create();

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "The decoder to start from, such as one of blip2 create language.")
  private @Nullable ModelName model;

  @Option(
      names = "--data",
      required = true,
      split = ",",
      paramLabel = "F",
      description = "Lines of {\"text\": text}. Several files are concatenated.")
  private List<Path> data = new ArrayList<>();

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Texts in a batch; default: ${DEFAULT-VALUE}.")
  private int batchSize = 64;

  @Option(
      names = "--max-text-tokens",
      paramLabel = "N",
      description = "Longer texts lose their end; default: ${DEFAULT-VALUE}.")
  private int maxTextTokens = 64;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed of order and dropout; default: ${DEFAULT-VALUE}.")
  private long seed = 42;

  @Mixin private TrainingRunOptions run = new TrainingRunOptions();
  @Mixin private OptimizerOptions optimizing = new OptimizerOptions(StageDefaults.LANGUAGE);

  public LanguageCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    PartTraining.prepare(run, optimizing);
    try (var progress = Progress.on(console);
        Scope home = Scope.detached(run.run.backend())) {
      progress.doing("reading texts");
      PageBatches batches = batches();
      progress.doing("loading the model");
      LanguagePart part = LanguagePart.load(StartingModel.checked(model).path(), home);
      try (var tokenizer = part.openTokenizer()) {
        LanguageTraining objective;
        try {
          objective = new LanguageTraining(part, tokenizer, maxTextTokens);
        } catch (IllegalArgumentException e) {
          throw new UsageException(e);
        }
        new PartTraining(
                console,
                progress,
                run,
                optimizing,
                CommandDescription.of(command, data),
                "language")
            .train(objective, batches, seed, part.parameters().values(), part::export);
      }
    }
    return ExitCode.OK;
  }

  private PageBatches batches() throws IOException {
    try {
      return PageBatches.open(data, batchSize, seed);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }
}
