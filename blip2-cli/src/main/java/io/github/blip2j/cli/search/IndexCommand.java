package io.github.blip2j.cli.search;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Count;
import io.github.blip2j.cli.console.FileName;
import io.github.blip2j.cli.console.Interruption;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.Remaining;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.console.Version;
import io.github.blip2j.cli.option.MatcherOptions;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.io.hub.HubCache;
import io.github.blip2j.search.IndexListener;
import io.github.blip2j.search.IndexOptions;
import io.github.blip2j.search.IndexUpdate;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.search.PhotoIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code blip2 index}. */
@Command(
    name = "index",
    description = {
      "Makes or updates an index of the photos in a folder and the folders in it, for blip2 search.",
      "Only new and changed photos are looked at; moved ones and copies are recognised by "
          + "content. It can be stopped at any moment, even by kill -9, and run again."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false)
public final class IndexCommand implements Callable<Integer> {
  private final Console console;
  private final HubCache cache;

  @Parameters(arity = "1", paramLabel = "FOLDER", description = "The folder of photos.")
  private String folder = "";

  @Option(
      names = "--index",
      paramLabel = "DIR",
      description =
          "Where the index is; FOLDER/.blip2-index by default. One index may be of several "
              + "folders, one run after the other.")
  private @Nullable Path index;

  @Option(
      names = "--follow-links",
      description = "Follow links to files and folders; each folder is entered once.")
  private boolean followLinks;

  @Option(
      names = "--allow-empty",
      description =
          "Accept a folder whose photos are all gone. Without, it is taken for a disk that is not "
              + "there.")
  private boolean allowEmpty;

  @Option(
      names = "--max-pixels",
      paramLabel = "N",
      description = "Pixels that a photo may have; 178956970 by default. Others are left out.")
  private @Nullable Long maxPixels;

  @Option(
      names = "--readers",
      paramLabel = "N",
      description =
          "Threads that read and decode while the model works; one for each core by default.")
  private @Nullable Integer readers;

  @Option(names = "--compact", description = "Write the whole index anew, as few files.")
  private boolean compact;

  @Mixin private MatcherOptions options = new MatcherOptions();

  /** With a console; ids of models are looked up in the cache. */
  public IndexCommand(Console console, HubCache cache) {
    this.console = console;
    this.cache = cache;
  }

  @Override
  public Integer call() throws IOException {
    Path photos = FileName.path(folder);
    IndexOptions how;
    try {
      options.prepare();
      how = how();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
    if (!Files.isDirectory(photos)) {
      throw new IOException(folder + ": folder of photos expected, got none; check the path");
    }
    Path place = index == null ? PhotoIndex.usualFolder(photos) : index;
    if (PhotoIndex.isIn(place)) {
      SearchCommand.useModelOf(PhotoIndex.open(place), options, cache);
    }
    try (var progress = Progress.on(console)) {
      progress.doing("loading " + options.modelName());
      try (ImageTextMatcher matcher = options.load()) {
        var embedder = MatcherEmbedder.of(matcher, options.files());
        PhotoIndex opened = PhotoIndex.openOrCreate(place, embedder.model());
        progress.doing("looking for photos in " + folder);
        var listener = new Report(progress);
        IndexUpdate update;
        try (Interruption interruption = Interruption.calling(listener::stop)) {
          update = opened.update(photos, embedder, how, listener);
        }
        if (compact && !update.stopped()) {
          progress.doing("writing the index anew");
          opened.compact();
        }
        progress.clear();
        report(place, opened, update);
        return update.stopped() ? ExitCode.SOFTWARE : ExitCode.OK;
      }
    }
  }

  private IndexOptions how() {
    IndexOptions how = IndexOptions.defaults();
    how = maxPixels == null ? how : how.withMaxPixels(maxPixels);
    how = readers == null ? how : how.withThreads(readers);
    how = followLinks ? how.followingLinks() : how;
    return allowEmpty ? how.allowingEmpty() : how;
  }

  /** Progress, and a line for each photo that is left out. */
  private final class Report implements IndexListener {
    private final Progress progress;
    private final Remaining remaining = new Remaining("photos");
    private volatile boolean stop;

    Report(Progress progress) {
      this.progress = progress;
    }

    @Override
    public void done(int done, int of) {
      progress.doing(remaining.at(done, of));
    }

    @Override
    public void unreadable(String message) {
      progress.clear();
      console.complain("left out: " + message);
    }

    @Override
    public boolean shouldStop() {
      return stop;
    }

    void stop() {
      stop = true;
    }
  }

  private void report(Path place, PhotoIndex opened, IndexUpdate update) {
    if (options.run.json) {
      JsonReport.print(console, json(place, opened, update));
      return;
    }
    console
        .out()
        .println(
            String.format(
                Locale.ROOT,
                "%s: %s%s: %d new, %d changed, %d moved, %d removed, %d as before, %d left out",
                FileName.of(place),
                Count.of(opened.size(), "photo"),
                update.stopped() ? " so far" : "",
                update.added(),
                update.changed(),
                update.moved(),
                update.removed(),
                update.unchanged(),
                update.unreadable().size()));
    console
        .out()
        .println(
            String.format(
                Locale.ROOT,
                "%s looked at in %.1f s, of which the model took %.0f %%",
                Count.of(update.embedded(), "photo"),
                seconds(update.times().total()),
                100 * update.times().embeddingShare()));
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  private JsonObject json(Path place, PhotoIndex opened, IndexUpdate update) {
    var document = new JsonObject();
    document.addProperty("model", options.modelName());
    document.addProperty("index", FileName.of(place));
    document.addProperty("folder", folder);
    document.addProperty("photos", opened.size());
    document.addProperty("added", update.added());
    document.addProperty("changed", update.changed());
    document.addProperty("moved", update.moved());
    document.addProperty("removed", update.removed());
    document.addProperty("unchanged", update.unchanged());
    document.addProperty("embedded", update.embedded());
    document.addProperty("stopped", update.stopped());
    document.add("unreadable", new Gson().toJsonTree(update.unreadable()));
    var times = new JsonObject();
    times.addProperty("embed", milliseconds(update.times().embedding()));
    times.addProperty("wait", milliseconds(update.times().waiting()));
    times.addProperty("write", milliseconds(update.times().writing()));
    times.addProperty("total", milliseconds(update.times().total()));
    document.add("timing_ms", times);
    return document;
  }

  private static double milliseconds(Duration time) {
    return Math.round(time.toNanos() / 1e4) / 100.0;
  }
}
