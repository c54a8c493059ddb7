package io.github.blip2j.cli.text;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.RankedRun;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.DataName;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.distributed.Ranks;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code blip2 caption}. */
@Command(
    name = "caption",
    description = {
      "Describes images.",
      "After mpirun, ranks share the images of --out, --txt and --data; the first prints and writes."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class CaptionCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private TextOptions options = new TextOptions();

  @Option(names = "--prompt", paramLabel = "P", description = "Text that the caption begins with.")
  private String prompt = "";

  @Option(
      names = "--data",
      paramLabel = "FILE",
      converter = DataName.class,
      description =
          "Caption the images of a data set, in a file that training reads, such as COCO's, NoCaps'"
              + " or LAVIS's, or dataset_coco.json@test. With --out FILE.json, the result file that LAVIS writes; the same command resumes"
              + " a stopped run.")
  private @Nullable DataFile data;

  @Mixin private DatasetOptions dataset = new DatasetOptions();

  @Mixin private CaptionFileOptions files = new CaptionFileOptions();

  @Spec private CommandSpec spec = CommandSpec.create();

  public CaptionCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    options.requireImages(spec, data != null);
    return RankedRun.of(console, this::run);
  }

  private int run(Console output, Ranks ranks) throws IOException {
    if (data != null) {
      return dataset(data, output, ranks);
    }
    ranks.agreeIo(
        () -> {
          requireAgreement();
          return options;
        });
    if (files.areGiven()) {
      return new CaptionFiles(options, files, output, ranks).run(prompt);
    }
    RankedRun.requireAlone(
        ranks, "caption", "give --out, --txt or --data to share the images, or leave mpirun out");
    return TextRun.of(options, TextTask.CAPTION, () -> blip2 -> List.of(prompt), output).run();
  }

  private void requireAgreement() {
    try {
      if (dataset.areGiven()) {
        throw new IllegalArgumentException("--images and --limit: --data expected too, got none");
      }
      files.requireAgreement(options);
      if (files.areGiven()) {
        options.requireAgreement();
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private int dataset(DataFile file, Console output, Ranks ranks) throws IOException {
    ResultTarget target = ranks.agreeIo(() -> target(file, output, ranks));
    return new CaptionDataset(output, options, dataset, target, ranks).run(file, prompt);
  }

  private ResultTarget target(DataFile file, Console output, Ranks ranks) throws IOException {
    try {
      ResultTarget target = files.target(options);
      target.requireNoneOf(file.paths());
      new DatasetRun(output, options.model, options.decoding, dataset, ranks)
          .requireAgreement(false);
      return target;
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }
}
