package io.github.blip2j.cli.text;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code blip2 caption}. */
@Command(
    name = "caption",
    description = "Describes images.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class CaptionCommand implements Callable<Integer> {
  private final Console console;

  @Mixin private TextOptions options = new TextOptions();

  @Option(names = "--prompt", paramLabel = "P", description = "Text that the caption begins with.")
  private String prompt = "";

  @Mixin private CaptionFileOptions files = new CaptionFileOptions();

  public CaptionCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try {
      files.requireAgreement(options);
      if (files.areGiven()) {
        options.requireAgreement();
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    if (files.areGiven()) {
      return new CaptionFiles(options, files, console).run(prompt);
    }
    return TextRun.of(options, TextTask.CAPTION, () -> blip2 -> List.of(prompt), console).run();
  }
}
