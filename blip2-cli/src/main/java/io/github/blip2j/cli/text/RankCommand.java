package io.github.blip2j.cli.text;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.GenerationModelOptions;
import io.github.blip2j.cli.option.ImageArguments;
import io.github.blip2j.data.DataException;
import io.github.blip2j.io.file.TextFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 rank}. */
@Command(
    name = "rank",
    description =
        "Ranks candidate texts by how likely the model is to generate them about an image, the "
            + "likeliest first: by the sum of the tokens' log-probabilities, that of the end "
            + "token included.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class RankCommand implements Callable<Integer> {
  private final Console console;

  @Parameters(
      arity = "1..*",
      paramLabel = "IMAGE|FOLDER",
      description =
          "Image files; folders for all images in them and in their folders; - for "
              + "standard input.")
  List<String> images = new ArrayList<>();

  @Option(
      names = "--question",
      paramLabel = "Q",
      description = "The question that the candidates answer.")
  private @Nullable String question;

  @Option(
      names = "--prompt",
      paramLabel = "P",
      description = "Text before the candidates, instead of a question.")
  private @Nullable String prompt;

  @Option(names = "--candidate", paramLabel = "A", description = "A candidate; give several.")
  private List<String> candidates = new ArrayList<>();

  @Option(
      names = "--candidates",
      paramLabel = "FILE",
      description = "More candidates, one on each line; blank lines are ignored.")
  private @Nullable Path file;

  @Option(
      names = "--normalise",
      description = "Rank by the mean of the tokens' log-probabilities instead of their sum.")
  private boolean normalise;

  @Option(
      names = "--preselect",
      paramLabel = "K",
      description = "Score only the K candidates whose first tokens are the likeliest.")
  private @Nullable Integer preselect;

  @Mixin GenerationModelOptions options = new GenerationModelOptions();

  public RankCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    List<String> all = new ArrayList<>(candidates);
    if (file != null) {
      lines(file).stream().filter(line -> !line.isBlank()).forEach(all::add);
    }
    CandidateRanking order;
    try {
      requireAgreement(all);
      order = order();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    return new RankRun(this, all, order, console).run();
  }

  private static List<String> lines(Path file) throws IOException {
    try (Reader text = TextFile.open(file, "candidates")) {
      return new BufferedReader(text).lines().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause() instanceof CharacterCodingException cause
          ? new DataException(file + ": text expected UTF-8, got other bytes", cause)
          : e.getCause();
    } catch (CharacterCodingException e) {
      throw new DataException(file + ": text expected UTF-8, got other bytes", e);
    }
  }

  /** The prompt: the one given, or the question in the template of this kind of model. */
  String prompt(Blip2 blip2) {
    return question == null ? String.valueOf(prompt) : blip2.questions().ask(question);
  }

  private CandidateRanking order() {
    CandidateRanking order = normalise ? CandidateRanking.byMean() : CandidateRanking.bySum();
    return preselect == null ? order : order.preselecting(preselect);
  }

  private void requireAgreement(List<String> all) {
    options.prepare();
    ImageArguments.requireReadable(images);
    if ((question == null) == (prompt == null)) {
      throw new IllegalArgumentException(
          "rank: one of --question and --prompt expected, got "
              + (question == null ? "neither" : "both"));
    }
    if (question != null && question.isBlank()) {
      throw new IllegalArgumentException("rank: question expected text, got a blank");
    }
    if (all.contains("")) {
      throw new IllegalArgumentException("--candidate: text expected, got none");
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException(
          "rank: candidates expected at least 1, got 0; give --candidate or --candidates");
    }
  }
}
