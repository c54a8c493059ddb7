package io.github.blip2j.cli.match;

import io.github.blip2j.blip2.features.Feature;
import io.github.blip2j.blip2.features.FeatureExport;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.FileName;
import io.github.blip2j.cli.console.RankedRun;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.FeatureName;
import io.github.blip2j.cli.option.ImageArguments;
import io.github.blip2j.cli.option.MatcherOptions;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.vision.image.ImageFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 embed}. */
@Command(
    name = "embed",
    description = {
      "Writes features of images and texts to a file, batch by batch: a safetensors "
          + "file with a tensor for each kind, row after row in the order of the images, "
          + "or a .jsonl file with a line for each.",
      "By default both as unit vectors of one space: image_embeds [images, queries, "
          + "width] and text_embeds [texts, width]. The similarity of an image and a text "
          + "is the largest of the dot products of its queries with the text, the itc of "
          + "blip2 match.",
      "After mpirun, ranks share the images; the first prints and writes."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class EmbedCommand implements Callable<Integer> {
  private final Console console;

  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE|FOLDER",
      description =
          "Image files, or folders for all images in them and in their folders, before "
              + "the options; - for standard input.")
  private List<String> given = new ArrayList<>();

  @Option(
      names = "--text",
      arity = "1..*",
      paramLabel = "T",
      description = "Texts, each one shell argument.")
  List<String> texts = new ArrayList<>();

  @Option(
      names = "--kind",
      split = ",",
      paramLabel = "KIND",
      converter = FeatureName.class,
      description =
          "The features to write, several with commas. patches: [tokens, width] of the vision "
              + "encoder; queries: the Q-Former's output; image: the queries projected to unit "
              + "vectors; single: one vector for each image; text; multimodal: queries that attend "
              + "to a --text, one for all images or one for each. Of models with a language model: "
              + "patches, queries, and prompt, its soft prompts.")
  private List<Feature> kinds = new ArrayList<>();

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description =
          "Where to write; JSON lines if it ends in .jsonl. Only features of an earlier run are "
              + "replaced.")
  Path out = Path.of("");

  @Option(
      names = "--skip-unreadable",
      description = "Leave out images that cannot be read, and say which.")
  boolean skipUnreadable;

  @Mixin StoredFeatures stored = new StoredFeatures();

  @Mixin MatcherOptions options = new MatcherOptions();

  public EmbedCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    return RankedRun.of(console, this::run);
  }

  private int run(Console output, Ranks ranks) throws IOException {
    if (stored.areGiven()) {
      return store(output, ranks);
    }
    List<String> images = ranks.agreeIo(this::images);
    Set<Feature> wanted = wanted(images);
    ranks.agreeIo(
        () -> {
          requireAgreement(images, wanted, output, ranks);
          FeatureExport.requireTarget(out);
          return out;
        });
    return new EmbedRun(this, images, wanted, output, ranks).run();
  }

  private List<String> images() throws IOException {
    List<String> images = new ArrayList<>();
    for (String name : given) {
      if (Files.isDirectory(FileName.path(name))) {
        ImageFiles.in(FileName.path(name)).forEach(file -> images.add(FileName.of(file)));
      } else {
        images.add(name);
      }
    }
    return images;
  }

  private int store(Console output, Ranks ranks) throws IOException {
    Set<Feature> wanted = EnumSet.noneOf(Feature.class);
    wanted.addAll(kinds);
    ranks.agreeIo(
        () -> {
          if (!given.isEmpty() || !texts.isEmpty()) {
            throw new UsageException(
                new IllegalArgumentException(
                    "embed --data: images of the records alone expected, got others or --text"));
          }
          FeatureExport.requireTarget(out);
          return out;
        });
    stored.write(options.model, wanted, options.run, out, output, ranks);
    return ExitCode.OK;
  }

  /** The requested kinds, or by default the embeddings that can be compared. */
  private Set<Feature> wanted(List<String> images) {
    Set<Feature> wanted = EnumSet.noneOf(Feature.class);
    wanted.addAll(kinds);
    if (kinds.isEmpty() && !images.isEmpty()) {
      wanted.add(Feature.IMAGE);
    }
    if (kinds.isEmpty() && !texts.isEmpty()) {
      wanted.add(Feature.TEXT);
    }
    return wanted;
  }

  private void requireAgreement(
      List<String> images, Set<Feature> wanted, Console output, Ranks ranks) {
    try {
      requireAgreement(images, ranks);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    boolean read = wanted.contains(Feature.TEXT) || wanted.contains(Feature.MULTIMODAL);
    if (!texts.isEmpty() && !read) {
      output.complain("--text has no effect without --kind text or multimodal");
    }
  }

  private void requireAgreement(List<String> images, Ranks ranks) {
    options.prepare();
    ImageArguments.requireReadable(images);
    if (images.isEmpty() && texts.isEmpty()) {
      throw new IllegalArgumentException("embed: images or --text expected, got neither");
    }
    if (!ranks.areAlone() && images.contains(ImageArguments.STANDARD_INPUT)) {
      throw new IllegalArgumentException(
          "-: files or folders expected on several ranks, got standard input");
    }
  }
}
