package io.github.blip2j.cli.search;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.FileName;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.Timings;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.option.ImageArguments;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.search.ContactSheet;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.search.Photo;
import io.github.blip2j.search.PhotoGroup;
import io.github.blip2j.search.PhotoHit;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.PhotoQuery;
import io.github.blip2j.search.PhotoState;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/** One run of {@code blip2 search}. */
final class SearchRun {
  private final SearchCommand command;
  private final Console console;
  private final Timings timings = new Timings("load", "search");

  SearchRun(SearchCommand command, Console console) {
    this.command = command;
    this.console = console;
  }

  int run(PhotoIndex index) throws IOException {
    try (var progress = Progress.on(console)) {
      if (command.duplicates) {
        progress.doing("comparing " + index.size() + " photos");
        List<PhotoGroup> groups =
            timings.time("search", () -> usage(() -> index.duplicates(command.threshold())));
        progress.clear();
        reportGroups(index, groups);
      } else {
        progress.doing("loading " + command.options.modelName());
        List<PhotoHit> hits = search(index, progress);
        progress.clear();
        reportHits(index, hits);
      }
    }
    return ExitCode.OK;
  }

  private List<PhotoHit> search(PhotoIndex index, Progress progress) throws IOException {
    PhotoQuery query = usage(() -> filtered(query()));
    try (ImageTextMatcher matcher = timings.time("load", command.options::load)) {
      var embedder =
          timings.time("load", () -> MatcherEmbedder.of(matcher, command.options.files()));
      progress.doing("searching " + index.size() + " photos");
      return timings.time("search", () -> index.search(query, embedder));
    }
  }

  private PhotoQuery query() throws IOException {
    @Nullable String image = command.image;
    if (image == null) {
      return PhotoQuery.text(text()).rerank(command.rerank);
    }
    return PhotoQuery.image(new ImageArguments(console, true).read(image));
  }

  private PhotoQuery filtered(PhotoQuery plain) {
    PhotoQuery query = plain.top(command.top());
    query = command.exact ? query.exact() : query;
    query = command.folder == null ? query : query.in(command.folder);
    query = command.after() == null ? query : query.after(command.after());
    return command.before() == null ? query : query.before(command.before());
  }

  private String text() {
    return String.join(" ", command.words);
  }

  private String title() {
    return command.image == null ? text() : "like " + command.image;
  }

  /** Values of options that the library rejects are wrong usage. */
  private static <T> T usage(Timings.Work<T> work) throws IOException {
    try {
      return work.run();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  private void reportHits(PhotoIndex index, List<PhotoHit> hits) throws IOException {
    if (command.html != null) {
      ContactSheet.ofHits(title(), hits, command.html);
    }
    if (!command.options.run.json) {
      hits.forEach(this::print);
      return;
    }
    JsonObject document = document(index);
    document.addProperty(command.image == null ? "text" : "image", title(command.image));
    var results = new JsonArray();
    hits.forEach(hit -> results.add(json(hit)));
    document.add("results", results);
    finish(document);
  }

  private String title(@Nullable String image) {
    return image == null ? text() : image;
  }

  private void print(PhotoHit hit) {
    @Nullable Match match = hit.match();
    console
        .out()
        .println(
            String.format(
                Locale.ROOT,
                "%.4f%s  %s%s%s",
                hit.similarity(),
                match == null
                    ? ""
                    : String.format(Locale.ROOT, "  match %.4f", match.itmProbability()),
                hit.photo().name(),
                hit.copies().isEmpty() ? "" : " (copies: " + hit.copies().size() + ")",
                mark(hit.photo())));
  }

  private static String mark(Photo photo) {
    return switch (photo.state()) {
      case PRESENT -> "";
      case CHANGED -> " (changed since it was indexed)";
      case MISSING -> " (gone)";
    };
  }

  private static JsonObject json(PhotoHit hit) {
    JsonObject result = json(hit.photo());
    result.add("similarity", JsonReport.number(hit.similarity()));
    @Nullable Match match = hit.match();
    if (match != null) {
      result.add("itm_logit", JsonReport.number(match.itmLogit()));
      result.add("itm_probability", JsonReport.number(match.itmProbability()));
    }
    var copies = new JsonArray();
    hit.copies().forEach(copy -> copies.add(copy.name()));
    result.add("copies", copies);
    return result;
  }

  private static JsonObject json(Photo photo) {
    var result = new JsonObject();
    result.addProperty("path", photo.name());
    result.addProperty("date", photo.date().toString());
    result.addProperty("date_of", photo.isDated() ? "exif" : "file");
    result.addProperty("bytes", photo.bytes());
    result.addProperty("sha256", photo.sha256());
    PhotoState state = photo.state();
    result.addProperty("state", state.toString().toLowerCase(Locale.ROOT));
    return result;
  }

  private void reportGroups(PhotoIndex index, List<PhotoGroup> groups) throws IOException {
    if (command.html != null) {
      ContactSheet.ofGroups("duplicates", groups, command.html);
    }
    if (!command.options.run.json) {
      for (PhotoGroup group : groups) {
        console
            .out()
            .println(
                String.format(
                    Locale.ROOT,
                    "%d photos, similarity %.4f or more:",
                    group.photos().size(),
                    group.similarity()));
        group.photos().forEach(photo -> console.out().println("  " + photo.name() + mark(photo)));
      }
      return;
    }
    JsonObject document = document(index);
    document.addProperty("threshold", command.threshold());
    var all = new JsonArray();
    for (PhotoGroup group : groups) {
      var photos = new JsonArray();
      group.photos().forEach(photo -> photos.add(json(photo)));
      var json = new JsonObject();
      json.add("similarity", JsonReport.number(group.similarity()));
      json.add("photos", photos);
      all.add(json);
    }
    document.add("groups", all);
    finish(document);
  }

  private JsonObject document(PhotoIndex index) {
    var document = new JsonObject();
    document.addProperty("model", command.options.modelName());
    document.addProperty("index", FileName.of(index.folder()));
    document.addProperty("photos", index.size());
    return document;
  }

  private void finish(JsonObject document) {
    document.add("timing_ms", new Gson().toJsonTree(timings.milliseconds()));
    JsonReport.print(console, document);
  }
}
