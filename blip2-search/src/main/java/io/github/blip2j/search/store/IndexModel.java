package io.github.blip2j.search.store;

import java.util.Locale;

/**
 * The model that an index is of, and the size of its vectors.
 *
 * @param name what to call it, such as its path
 * @param digest changes with its weights
 * @param queries the number of vectors of an image, Q
 * @param width of a vector, P
 */
public record IndexModel(String name, String digest, int queries, int width) {
  private static final int SHOWN = 12;

  /** Checks the sizes. */
  public IndexModel {
    if (queries < 1 || width < 1 || width > 1 << 16 || (long) queries * width > 1 << 16) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "index: vectors of an image expected to have 1 to 65536 numbers, got %d of %d",
              queries,
              width));
    }
  }

  /** The numbers of an image, Q P. */
  public int numbers() {
    return queries * width;
  }

  /** Whether vectors of both can be compared. */
  public boolean agrees(IndexModel other) {
    return digest.equals(other.digest) && queries == other.queries && width == other.width;
  }

  /** As in {@code blip2-itm-vit-g (0123456789ab, 32 x 256)}. */
  @Override
  public String toString() {
    String mark = digest.substring(0, Math.min(SHOWN, digest.length()));
    return String.format(Locale.ROOT, "%s (%s, %d x %d)", name, mark, queries, width);
  }
}
