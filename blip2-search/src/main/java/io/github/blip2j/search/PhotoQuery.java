package io.github.blip2j.search;

import io.github.blip2j.vision.image.Image;
import java.time.Instant;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What to search for. Immutable.
 *
 * <pre>{@code
 * PhotoQuery.text("two cats on a couch").top(20).rerank(20).in("2023/**").after(date)
 * PhotoQuery.image(image).top(5)
 * }</pre>
 */
public final class PhotoQuery {
  private static final int USUAL_TOP = 10;

  private final @Nullable String text;
  private final @Nullable Image image;
  private final int top;
  private final int rerank;
  private final boolean exact;
  private final PhotoFilter filter;

  private PhotoQuery(
      @Nullable String text,
      @Nullable Image image,
      int top,
      int rerank,
      boolean exact,
      PhotoFilter filter) {
    this.text = text;
    this.image = image;
    this.top = top;
    this.rerank = rerank;
    this.exact = exact;
    this.filter = filter;
  }

  /**
   * Photos that a text describes, by the largest product of a query's vector with the text's, as
   * {@code Match.itc}.
   */
  public static PhotoQuery text(String text) {
    return new PhotoQuery(text, null, USUAL_TOP, 0, false, PhotoFilter.ALL);
  }

  /**
   * Photos that look like an image, by the mean over the queries of the products of both images'
   * vectors: 1 for equal images.
   */
  public static PhotoQuery image(Image image) {
    return new PhotoQuery(null, image, USUAL_TOP, 0, false, PhotoFilter.ALL);
  }

  /**
   * With another number of results; 10 by default.
   *
   * @throws IllegalArgumentException if it is below 1
   */
  public PhotoQuery top(int newTop) {
    if (newTop < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "search: top expected 1 or more, got %d", newTop));
    }
    return new PhotoQuery(text, image, newTop, rerank, exact, filter);
  }

  /**
   * With the best {@code count} in the order of {@code itc + itm}, as in LAVIS's retrieval: the
   * model looks at each of them together with the text. Files that are gone or changed follow
   * behind. 0, the default, leaves it out.
   *
   * @throws IllegalArgumentException if it is negative, or the query is an image
   */
  public PhotoQuery rerank(int count) {
    if (count < 0 || (count > 0 && text == null)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "search: rerank expected 0 or more, and a text, got %d", count));
    }
    return new PhotoQuery(text, image, top, count, exact, filter);
  }

  /**
   * With all vectors compared in float32. Otherwise they are compared in bytes first, and the best
   * of those in float32.
   */
  public PhotoQuery exact() {
    return new PhotoQuery(text, image, top, rerank, true, filter);
  }

  /** Only photos in folders that a pattern describes; see {@link PhotoFilter#in}. */
  public PhotoQuery in(String pattern) {
    return new PhotoQuery(text, image, top, rerank, exact, filter.in(pattern));
  }

  /** Only photos taken at this time or later. */
  public PhotoQuery after(Instant time) {
    return new PhotoQuery(text, image, top, rerank, exact, filter.after(time));
  }

  /** Only photos taken before this time. */
  public PhotoQuery before(Instant time) {
    return new PhotoQuery(text, image, top, rerank, exact, filter.before(time));
  }

  /**
   * Only photos of which a condition is true. It is asked before a photo counts or is looked at
   * again, for the best photos of a pass and not for all, so it must not depend on the order.
   */
  public PhotoQuery where(Predicate<Photo> condition) {
    return new PhotoQuery(text, image, top, rerank, exact, filter.where(condition));
  }

  @Nullable String text() {
    return text;
  }

  @Nullable Image image() {
    return image;
  }

  int top() {
    return top;
  }

  int rerank() {
    return rerank;
  }

  boolean isExact() {
    return exact;
  }

  PhotoFilter filter() {
    return filter;
  }
}
