package io.github.blip2j.server.work;

import io.github.blip2j.search.PhotoHit;
import io.github.blip2j.search.PhotoQuery;
import io.github.blip2j.server.models.ServedModel;
import io.github.blip2j.server.photos.PhotoSearch;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A search in an index of photos, by a text or a picture. */
public final class SearchJob extends Job<List<PhotoHit>> {
  private final PhotoSearch search;
  private final @Nullable String text;
  private final @Nullable Picture picture;
  private final UnaryOperator<PhotoQuery> how;

  private SearchJob(
      PhotoSearch search,
      @Nullable String text,
      @Nullable Picture picture,
      UnaryOperator<PhotoQuery> how) {
    super(search.source().name(), new Object()); // each compares with all photos
    this.search = search;
    this.text = text;
    this.picture = picture;
    this.how = how;
  }

  /** Photos that a text describes. */
  public static SearchJob text(PhotoSearch search, String text, UnaryOperator<PhotoQuery> how) {
    return new SearchJob(search, text, null, how);
  }

  /** Photos like a picture. */
  public static SearchJob picture(
      PhotoSearch search, Picture picture, UnaryOperator<PhotoQuery> how) {
    return new SearchJob(search, null, picture, how);
  }

  @Override
  public String label() {
    return "search";
  }

  @Override
  protected void run(ServedModel model, List<? extends Job<?>> jobs, Bench bench)
      throws IOException {
    PhotoQuery query;
    if (picture != null) {
      query = PhotoQuery.image(picture.upright(bench.maxPixels())); // as the photos of the index
    } else if (text != null) {
      query = PhotoQuery.text(text);
    } else {
      throw new AssertionError("neither text nor picture");
    }
    result().complete(search.search(model, how.apply(query), bench.token()));
  }
}
