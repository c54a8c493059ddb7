package io.github.blip2j.blip2.model;

import java.util.Arrays;

/** One prompt of a language model: token ids, and positions for the queries of images. */
public final class PromptLayout {
  static final int IMAGE = -1; // stands for all queries of one image

  private final int[] ids;

  private PromptLayout(int[] ids) {
    this.ids = ids;
  }

  /** An image, then tokens. */
  public static PromptLayout afterImage(int[] ids) {
    return image().and(new PromptLayout(ids.clone()));
  }

  /** An image. */
  public static PromptLayout image() {
    return new PromptLayout(new int[] {IMAGE});
  }

  /** Tokens. */
  public static PromptLayout tokens(int[] ids) {
    return new PromptLayout(ids.clone());
  }

  /** This layout followed by another. */
  public PromptLayout and(PromptLayout next) {
    int[] joined = Arrays.copyOf(ids, ids.length + next.ids.length);
    System.arraycopy(next.ids, 0, joined, ids.length, next.ids.length);
    return new PromptLayout(joined);
  }

  /** Number of images. */
  int images() {
    return (int) Arrays.stream(ids).filter(id -> id == IMAGE).count();
  }

  /** The token ids without images, in a fresh array. */
  public int[] tokens() {
    return Arrays.stream(ids).filter(id -> id != IMAGE).toArray();
  }

  /** Whether it is one image followed by tokens, the form of training. */
  boolean isAfterImage() {
    return images() == 1 && ids[0] == IMAGE;
  }

  /** Its positions with {@code queries} queries for each image. */
  public int length(int queries) {
    return ids.length + images() * (queries - 1);
  }

  /** An id for each position, {@code imageId} for those of images. */
  public int[] spread(int queries, int imageId) {
    int[] spread = new int[length(queries)];
    int at = 0;
    for (int id : ids) {
      int count = id == IMAGE ? queries : 1;
      Arrays.fill(spread, at, at + count, id == IMAGE ? imageId : id);
      at += count;
    }
    return spread;
  }
}
