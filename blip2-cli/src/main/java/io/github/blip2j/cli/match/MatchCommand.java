package io.github.blip2j.cli.match;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.ImageArguments;
import io.github.blip2j.cli.option.MatcherOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 match}. */
@Command(
    name = "match",
    description = {
      "Scores how well texts describe images: every text with every image.",
      "itc is the cosine similarity of image and text encoded separately, in -1 to "
          + "1; itm is the score of the matching head, whose queries attend to both, as a "
          + "logit and a probability."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class MatchCommand implements Callable<Integer> {
  private final Console console;

  @Parameters(
      arity = "1..*",
      paramLabel = "IMAGE|FOLDER",
      description =
          "Image files, or folders for all images in them and in their folders, before "
              + "the options; - for standard input.")
  List<String> images = new ArrayList<>();

  @Option(
      names = "--text",
      arity = "1..*",
      required = true,
      paramLabel = "T",
      description = "Texts, each one shell argument.")
  List<String> texts = new ArrayList<>();

  @Option(
      names = "--cam",
      paramLabel = "FILE",
      description = "Draw the GradCAM map of one image and one text as a PNG.")
  @Nullable Path cam;

  @Option(
      names = "--cam-words",
      paramLabel = "DIR",
      description = "Draw a GradCAM map for each word of the text: DIR/01-WORD.png and so on.")
  @Nullable Path camWords;

  @Option(
      names = "--layer",
      paramLabel = "N",
      description =
          "With --cam or --cam-words: the cross-attention layer; a middle one by default.")
  @Nullable Integer layer;

  @Mixin MatcherOptions options = new MatcherOptions();

  public MatchCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try {
      requireAgreement();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    if (layer != null && cam == null && camWords == null) {
      console.complain("--layer has no effect without --cam or --cam-words");
    }
    return new MatchRun(this, console).run();
  }

  private void requireAgreement() {
    options.prepare();
    ImageArguments.requireReadable(images);
    if ((cam != null || camWords != null) && (images.size() != 1 || texts.size() != 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: one image and one text expected, got %d and %d",
              cam != null ? "--cam" : "--cam-words",
              images.size(),
              texts.size()));
    }
  }
}
