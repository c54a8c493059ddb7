package io.github.blip2j.cli.mcp;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.FileName;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.ModelName;
import io.github.blip2j.cli.option.RunOptions;
import io.github.blip2j.cli.option.WeightOptions;
import io.github.blip2j.cli.search.IndexPlace;
import io.github.blip2j.io.hub.HubCache;
import io.github.blip2j.mcp.Blip2McpServer;
import io.github.blip2j.mcp.McpOptions;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.search.PhotoIndex;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 mcp}: tools for assistants, until standard input ends. */
@Command(
    name = "mcp",
    description = {
      "Offers assistants the tools caption, ask, match and search, by the Model Context Protocol "
          + "over standard input and output.",
      "Tools read image files below the named folders and nothing else, wherever links lead. Models "
          + "are loaded when they are needed."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class McpCommand implements Callable<Integer> {
  private final Console console;
  private final HubCache cache;

  @Parameters(
      arity = "1..*",
      paramLabel = "FOLDER",
      description = "Folders whose image files the tools may read, with the folders in them.")
  private List<String> folders = new ArrayList<>();

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description = "Folder or id of the model of caption and ask; the bundled one by default.")
  private @Nullable ModelName model;

  @Option(
      names = "--matcher",
      paramLabel = "MODEL",
      description =
          "Folder or id of the model of match and search, as Salesforce/blip2-itm-vit-g; by default "
              + "that of the index, and without an index the bundled one.")
  private @Nullable ModelName matcher;

  @Option(
      names = "--index",
      paramLabel = "FOLDER",
      description =
          "An index that blip2 index made, or the folder of photos that it is in, for search.")
  private @Nullable Path index;

  @Mixin private WeightOptions weights = new WeightOptions();

  @Mixin private RunOptions run = new RunOptions();

  /**
   * The command.
   *
   * @param cache where ids of models are looked up
   */
  public McpCommand(Console console, HubCache cache) {
    this.console = console;
    this.cache = cache;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    McpOptions options = options();
    // The console's output escapes control characters; the protocol has its own rules.
    var out = new FileOutputStream(FileDescriptor.out);
    try (Blip2McpServer server = Blip2McpServer.start(options, console.in(), out)) {
      server.awaitEnd();
    }
    return ExitCode.OK;
  }

  private McpOptions options() throws IOException {
    LoadOptions loading;
    try {
      run.prepare();
      loading = weights.loading(run);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    if (run.json) {
      console.complain("--json has no effect: the protocol is JSON");
    }
    McpOptions options = McpOptions.below(folders.stream().map(FileName::path).toList());
    @Nullable Path path = model == null ? null : model.path();
    options =
        options.withModel(() -> path == null ? Blip2.bundled(loading) : Blip2.load(path, loading));
    @Nullable PhotoIndex photos = index == null ? null : PhotoIndex.open(IndexPlace.of(index));
    if (matcher == null
        && photos != null
        && !photos.model().name().equals(MatcherEmbedder.BUNDLED)) {
      matcher = new ModelName(photos.model().name(), cache);
    }
    List<Path> files = ModelName.paths(matcher);
    options =
        options.withMatcher(
            () ->
                files.isEmpty()
                    ? ImageTextMatcher.bundled(loading)
                    : ImageTextMatcher.load(files.get(0), loading));
    return photos == null ? options : options.withIndex(photos, files);
  }
}
