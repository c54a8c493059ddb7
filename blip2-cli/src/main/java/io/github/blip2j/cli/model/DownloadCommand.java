package io.github.blip2j.cli.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.LogSettings;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.io.hub.Download;
import io.github.blip2j.io.hub.DownloadedFile;
import io.github.blip2j.io.hub.FileChoice;
import io.github.blip2j.io.hub.Hub;
import io.github.blip2j.io.hub.HubCache;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 download}: models of a hub to the cache that {@code --model} resolves ids in. */
@Command(
    name = "download",
    description = {
      "Downloads a model to the Hugging Face cache, where --model ID and Python find it.",
      "Files that are there already are kept, partial files are resumed, and each file is "
          + "compared with its checksum. Prints the model's folder."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footer = {
      "",
      "Variables: HF_TOKEN for models that need a licence, HF_HUB_CACHE and HF_HOME for the",
      "cache folder, HF_ENDPOINT for another hub, HF_HUB_OFFLINE, HF_HUB_DOWNLOAD_TIMEOUT."
    })
public final class DownloadCommand implements Callable<Integer> {
  private static final double MEGA = 1e6;

  private final Console console;

  @Parameters(
      paramLabel = "ID",
      description = "The model as in Salesforce/blip2-opt-2.7b, or with @ and a revision.")
  private String id = "";

  @Option(
      names = "--revision",
      paramLabel = "R",
      description = "A branch, a tag or a commit; main by default.")
  private @Nullable String revision;

  @Option(
      names = "--include",
      paramLabel = "GLOB",
      description =
          "Files to download instead of configuration, tokenizer and one format of weights; may "
              + "be given several times.")
  private List<String> included = new ArrayList<>();

  @Option(
      names = "--exclude",
      paramLabel = "GLOB",
      description = "Files not to download; may be given several times.")
  private List<String> excluded = new ArrayList<>();

  @Option(
      names = "--cache",
      paramLabel = "DIR",
      description = "Another cache; other commands use it if HF_HUB_CACHE names it.")
  private @Nullable Path cache;

  @Option(names = "--offline", description = "Use the cache only, without network.")
  private boolean offline;

  @Option(names = "--json", description = "Print one JSON document.")
  private boolean json;

  @Option(names = "--debug", description = "Log more, and print stack traces of errors.")
  private boolean debug;

  public DownloadCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (debug) {
      LogSettings.debug();
    }
    Download download;
    try (var progress = Progress.on(console)) {
      progress.doing("asking for " + id);
      download = download(progress);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    report(download);
    return ExitCode.OK;
  }

  private Download download(Progress progress) throws IOException {
    if (revision != null && id.contains("@")) {
      throw new IllegalArgumentException(
          "download: revision expected once, got @ in the id and --revision;"
              + " leave one of them out");
    }
    Hub hub = Hub.of(console.environment());
    hub = cache == null ? hub : hub.into(HubCache.at(cache));
    hub = offline ? hub.offline() : hub;
    return hub.download(
        revision == null ? id : id + "@" + revision,
        FileChoice.standard().including(included).excluding(excluded),
        (file, done, total) ->
            progress.doing(
                String.format(
                    Locale.ROOT,
                    "downloading %s, %.0f of %.0f MB",
                    file,
                    done / MEGA,
                    total / MEGA)));
  }

  private void report(Download download) {
    if (!json) {
      console.out().println(download.folder());
      return;
    }
    var files = new JsonArray();
    for (DownloadedFile file : download.files()) {
      var entry = new JsonObject();
      entry.addProperty("name", file.name());
      entry.addProperty("bytes", file.bytes());
      entry.addProperty("downloaded", file.downloaded());
      files.add(entry);
    }
    var document = new JsonObject();
    document.addProperty("model", download.model());
    document.addProperty("revision", download.revision());
    document.addProperty("commit", download.commit());
    document.addProperty("folder", download.folder().toString());
    document.add("files", files);
    JsonReport.print(console, document);
  }
}
