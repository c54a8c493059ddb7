package io.github.blip2j.mcp;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.search.ImageEmbedder;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.search.Photo;
import io.github.blip2j.search.PhotoHit;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.PhotoQuery;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the tools do. Not safe for several threads: models share the cores. */
final class PhotoTools implements AutoCloseable {
  private static final int MOST_TEXTS = 100;
  private static final int MOST_RESULTS = 100;

  private final AllowedFolders folders;
  private final @Nullable LoadedOnce<Blip2> model;
  private final @Nullable LoadedOnce<ImageTextMatcher> matcher;
  private final @Nullable PhotoIndex index;
  private final List<Path> matcherFiles;
  private final ImageDecoder decoder = new ImageDecoder().withExifRotation(true);
  private @Nullable ImageEmbedder embedder;

  PhotoTools(McpOptions options) throws IOException {
    this.folders = new AllowedFolders(options.folders());
    @Nullable ModelLoader<Blip2> ofModel = options.model();
    this.model = ofModel == null ? null : new LoadedOnce<>(ofModel);
    @Nullable ModelLoader<ImageTextMatcher> ofMatcher = options.matcher();
    this.matcher = ofMatcher == null ? null : new LoadedOnce<>(ofMatcher);
    this.index = options.index();
    this.matcherFiles = options.matcherFiles();
  }

  /** The tools that there are models for. */
  List<PhotoTool> all() {
    var path = Schema.text("Image file, absolute or relative to one of " + folders.names() + ".");
    List<PhotoTool> tools = new ArrayList<>();
    if (model != null) {
      tools.add(caption(path, model));
      tools.add(ask(path, model));
    }
    if (matcher != null) {
      tools.add(
          new PhotoTool(
              "match",
              "Says how well texts describe an image file: the probability of a match, and the"
                  + " cosine (itc) of both.",
              Schema.of(
                  List.of("path", "texts"), "path", path, "texts", Schema.texts("Descriptions.")),
              arguments -> match(matcher, arguments)));
    }
    if (matcher != null && index != null) {
      tools.add(search(path, matcher, index));
    }
    return List.copyOf(tools);
  }

  private PhotoTool caption(Object path, LoadedOnce<Blip2> loaded) {
    return new PhotoTool(
        "caption",
        "Describes an image file in one sentence.",
        Schema.of(
            List.of("path"),
            "path",
            path,
            "prompt",
            Schema.text("Beginning of the sentence, as 'a photo of'; may be left out.")),
        arguments -> caption(loaded, arguments));
  }

  private PhotoTool ask(Object path, LoadedOnce<Blip2> loaded) {
    return new PhotoTool(
        "ask",
        "Answers a question about an image file in a few words.",
        Schema.of(
            List.of("path", "question"),
            "path",
            path,
            "question",
            Schema.text("As 'how many cats are there?'")),
        arguments -> ask(loaded, arguments));
  }

  private PhotoTool search(Object path, LoadedOnce<ImageTextMatcher> loaded, PhotoIndex photos) {
    return new PhotoTool(
        "search",
        "Finds indexed photos by a text or by an image file, the best first.",
        Schema.of(
            List.of(),
            "text",
            Schema.text("What the photos show; or give a path."),
            "path",
            path,
            "k",
            Schema.integer("Results, 1 to " + MOST_RESULTS + "; 10 by default."),
            "rerank",
            Schema.integer(
                "How many of the best to look at again together with the text, 0 to "
                    + MOST_RESULTS
                    + "; 0 by default, and each takes as long as a match."),
            "folder",
            Schema.text("Only photos in folders of this name, as 2023 or trips/*."),
            "after",
            Schema.text("Only photos of this day or later, as 2023-05-31."),
            "before",
            Schema.text("Only photos before this day.")),
        arguments -> search(loaded, photos, arguments));
  }

  private Image image(String given) throws IOException {
    Path file = folders.file("path", given);
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (IOException e) { // its message has the real path, which may be nobody's business
      throw new IOException(
          "path: file that can be read expected, got '"
              + given
              + "', which cannot; check its rights",
          e);
    }
    return decoder.decode(bytes, given);
  }

  private JsonElement caption(LoadedOnce<Blip2> loaded, Arguments arguments) throws IOException {
    String path = arguments.text("path");
    @Nullable String prompt = arguments.optionalText("prompt");
    Image image = image(path);
    Blip2 blip2 = loaded.get();
    return new JsonPrimitive(
        prompt == null || prompt.isBlank()
            ? blip2.caption(image)
            : blip2.generate(image, prompt, blip2.captionConfig()).get(0).textWithPrompt());
  }

  private JsonElement ask(LoadedOnce<Blip2> loaded, Arguments arguments) throws IOException {
    String path = arguments.text("path");
    String question = arguments.text("question");
    Image image = image(path);
    return new JsonPrimitive(loaded.get().answer(image, question));
  }

  private JsonElement match(LoadedOnce<ImageTextMatcher> loaded, Arguments arguments)
      throws IOException {
    String path = arguments.text("path");
    List<String> texts = arguments.texts("texts", MOST_TEXTS);
    Image image = image(path);
    List<Match> matches = loaded.get().match(image, texts);
    var all = new JsonArray();
    for (int i = 0; i < texts.size(); i++) {
      var one = new JsonObject();
      one.addProperty("text", texts.get(i));
      one.addProperty("itc", matches.get(i).itc());
      one.addProperty("itm_probability", matches.get(i).itmProbability());
      all.add(one);
    }
    var json = new JsonObject();
    json.add("matches", all);
    return json;
  }

  private JsonElement search(
      LoadedOnce<ImageTextMatcher> loaded, PhotoIndex photos, Arguments arguments)
      throws IOException {
    @Nullable String text = arguments.optionalText("text");
    @Nullable String path = arguments.optionalText("path");
    if ((text == null) == (path == null) || (text != null && text.isBlank())) {
      throw new IllegalArgumentException(
          "text: either a text or a path expected, got "
              + (path != null ? "both" : text == null ? "neither" : "a blank"));
    }
    int top = arguments.integer("k", 10, 1, MOST_RESULTS);
    @Nullable Instant after = arguments.day("after");
    @Nullable Instant before = arguments.day("before");
    @Nullable String folder = arguments.optionalText("folder");
    PhotoQuery query =
        path == null ? PhotoQuery.text(String.valueOf(text)) : PhotoQuery.image(image(path));
    query = folder == null || folder.isBlank() ? query : query.in(folder);
    query = after == null ? query : query.after(after);
    query = before == null ? query : query.before(before);
    int rerank = arguments.integer("rerank", 0, 0, MOST_RESULTS);
    if (rerank > 0 && text == null) {
      throw new IllegalArgumentException("rerank: a text expected, got a path; leave rerank out");
    }
    photos.refreshIfChanged();
    var results = new JsonArray();
    for (PhotoHit hit :
        photos.search(query.where(this::isBelow).top(top).rerank(rerank), embedder(loaded))) {
      results.add(json(below(hit)));
    }
    var json = new JsonObject();
    json.add("results", results);
    return json;
  }

  private ImageEmbedder embedder(LoadedOnce<ImageTextMatcher> loaded) throws IOException {
    ImageEmbedder there = embedder;
    if (there == null) {
      there = MatcherEmbedder.of(loaded.get(), matcherFiles);
      embedder = there;
    }
    return there;
  }

  /** A result with those of its files that are below the folders: an index may be of others. */
  private PhotoHit below(PhotoHit hit) {
    return new PhotoHit(
        hit.photo(),
        hit.similarity(),
        hit.match(),
        hit.copies().stream().filter(this::isBelow).toList());
  }

  private boolean isBelow(Photo photo) {
    try {
      return folders.contains(photo.path());
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private JsonObject json(PhotoHit hit) {
    var json = new JsonObject();
    json.addProperty("path", PathName.of(hit.photo().path()));
    json.addProperty("score", hit.similarity());
    @Nullable Match match = hit.match();
    if (match != null) {
      json.addProperty("itm_probability", match.itmProbability());
    }
    json.addProperty("date", hit.photo().date().toString());
    json.addProperty("state", hit.photo().state().name().toLowerCase(Locale.ROOT));
    var copies = new JsonArray();
    hit.copies().forEach(copy -> copies.add(copy.name()));
    json.add("copies", copies);
    return json;
  }

  @Override
  public void close() {
    if (model != null) {
      model.close();
    }
    if (matcher != null) {
      matcher.close();
    }
  }
}
