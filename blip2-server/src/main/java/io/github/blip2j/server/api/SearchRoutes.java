package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.search.Photo;
import io.github.blip2j.search.PhotoHit;
import io.github.blip2j.search.PhotoQuery;
import io.github.blip2j.search.PhotoState;
import io.github.blip2j.server.photos.PhotoSearch;
import io.github.blip2j.server.work.SearchJob;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code POST /v1/search} and {@code GET /v1/thumbnails/{sha256}}. */
public final class SearchRoutes {
  private static final int USUAL_RESULTS = 10;
  private static final int MOST_RESULTS = 1000;
  private static final int MOST_RERANKED = 100; // each is read and looked at
  private static final int MOST_CHARACTERS = 10_000; // of a pattern
  private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
  private static final Set<String> FIELDS =
      Set.of("text", "image", "k", "rerank", "exact", "folder", "after", "before");

  private final Desk desk;

  /** The endpoints. */
  public SearchRoutes(Desk desk) {
    this.desk = desk;
  }

  private PhotoSearch index() {
    PhotoSearch search = desk.search();
    if (search == null) {
      throw ApiException.request(
          404, "no_index", "search: an index expected, got none; start the server with --index");
    }
    return search;
  }

  /** Photos that a text describes, or like a picture. */
  public void search(Call call, Reply reply) {
    Bodies.Asked asked = Bodies.asked(call);
    Fields fields = asked.fields();
    fields.requireKnown(FIELDS);
    String text = fields.optionalString("text");
    boolean pictured = asked.picture() != null || fields.has("image");
    if (pictured == (text != null) || (text != null && text.isBlank())) {
      String got = pictured ? "both" : text == null ? "neither" : "a blank";
      throw ApiException.invalid("text", "either a text or an image expected, got %s", got);
    }
    UnaryOperator<PhotoQuery> how = how(fields, text != null);
    PhotoSearch search = index();
    long began = System.nanoTime();
    SearchJob job =
        text == null
            ? SearchJob.picture(search, desk.images().required(asked), how)
            : SearchJob.text(search, text, how);
    desk.submit(
        job,
        reply,
        hits -> {
          var results = new JsonArray();
          hits.forEach(hit -> results.add(json(hit)));
          var json = new JsonObject();
          json.add("results", results);
          json.addProperty("images", search.size());
          json.addProperty("model", search.source().name());
          json.add("timing_ms", Desk.timing(job, began));
          reply.json(200, json);
        });
  }

  private static UnaryOperator<PhotoQuery> how(Fields fields, boolean byText) {
    int top = fields.integer("k", USUAL_RESULTS, 1, MOST_RESULTS);
    int rerank = fields.integer("rerank", 0, 0, MOST_RERANKED);
    if (rerank > 0 && !byText) {
      throw ApiException.invalid("rerank", "a text beside it expected, got an image");
    }
    boolean exact = fields.bool("exact");
    String folder = fields.optionalString("folder");
    if (folder != null && (folder.isBlank() || folder.length() > MOST_CHARACTERS)) {
      throw ApiException.invalid(
          "folder", "1 to %d characters expected, got %d", MOST_CHARACTERS, folder.length());
    }
    Instant after = day(fields, "after");
    Instant before = day(fields, "before");
    return plain -> {
      PhotoQuery query = plain.top(top);
      query = rerank == 0 ? query : query.rerank(rerank);
      query = exact ? query.exact() : query;
      query = folder == null ? query : query.in(folder);
      query = after == null ? query : query.after(after);
      return before == null ? query : query.before(before);
    };
  }

  /** The beginning of a day, where the server stands. */
  private static @Nullable Instant day(Fields fields, String name) {
    String text = fields.optionalString(name);
    try {
      return text == null
          ? null
          : LocalDate.parse(text).atStartOfDay(ZoneId.systemDefault()).toInstant();
    } catch (DateTimeParseException e) {
      throw ApiException.invalid(name, "a day as 2023-05-31 expected, got '%s'", text);
    }
  }

  private static JsonObject json(PhotoHit hit) {
    Photo photo = hit.photo();
    PhotoState state = photo.state();
    var json = new JsonObject();
    json.addProperty("path", photo.name());
    json.addProperty("score", hit.similarity());
    Match match = hit.match();
    if (match != null) {
      json.addProperty("itm_logit", match.itmLogit());
      json.addProperty("itm_probability", match.itmProbability());
    }
    if (state == PhotoState.PRESENT) {
      json.addProperty("thumbnail", "/v1/thumbnails/" + photo.sha256());
    } else {
      json.add("thumbnail", JsonNull.INSTANCE);
    }
    json.addProperty("date", photo.date().toString());
    json.addProperty("date_of", photo.isDated() ? "exif" : "file");
    json.addProperty("bytes", photo.bytes());
    json.addProperty("sha256", photo.sha256());
    json.addProperty("state", state.name().toLowerCase(Locale.ROOT));
    var copies = new JsonArray();
    hit.copies().forEach(copy -> copies.add(copy.name()));
    json.add("copies", copies);
    return json;
  }

  /** A small JPEG of a photo of the index. */
  public void thumbnail(Call call, Reply reply) {
    PhotoSearch search = index();
    if (!SHA_256.matcher(call.rest()).matches()) {
      throw ApiException.request(
          404, "not_found", "thumbnail: 64 hexadecimal digits of a result expected, got others");
    }
    try {
      var unused =
          search
              .thumbnails()
              .of(call.rest())
              .whenComplete(
                  (jpeg, failure) -> {
                    if (failure != null) {
                      reply.fail(failure);
                    } else if (jpeg.isPresent()) {
                      reply.file("image/jpeg", jpeg.get());
                    } else {
                      reply.fail(gone());
                    }
                  });
    } catch (RejectedExecutionException e) {
      throw ApiException.unavailable(
          "server_busy", "thumbnail: fewer expected at once, got more; try again", 1);
    }
  }

  private static ApiException gone() {
    return ApiException.request(
        404,
        "not_found",
        "thumbnail: a photo as it was indexed expected, got none; it is gone or changed");
  }
}
