package io.github.blip2j.qformer.objective;

import java.util.List;
import java.util.Objects;

/**
 * Which of all pairs belong to a batch, and which show the same image.
 *
 * <p>With one process a batch's pairs are all there are. With several, each has its own among those
 * of all, from {@link #first} on.
 */
public final class Pairs {
  private final int own;
  private final int first;
  private final int all;
  private final List<?> imageIds;

  private Pairs(int own, int first, int all, List<?> imageIds) {
    this.own = own;
    this.first = first;
    this.all = all;
    this.imageIds = imageIds;
  }

  /** A batch by itself, each pair with an image of its own. */
  public static Pairs of(int size) {
    return among(size, 0, size);
  }

  /** A batch by itself, where pairs of the same image are told by equal ids of any kind. */
  public static Pairs withImageIds(List<?> imageIds) {
    int size = imageIds.size();
    return new Pairs(size, 0, size, List.copyOf(imageIds));
  }

  /** {@code own} pairs from {@code first} on among {@code all}. */
  public static Pairs among(int own, int first, int all) {
    Objects.checkFromIndexSize(first, own, all);
    return new Pairs(own, first, all, List.of());
  }

  /** Pairs of this batch. */
  public int own() {
    return own;
  }

  /** Where they begin. */
  public int first() {
    return first;
  }

  /** Pairs of all batches. */
  public int all() {
    return all;
  }

  /** Whether several pairs may show the same image. */
  public boolean hasIds() {
    return !imageIds.isEmpty();
  }

  /** Whether own pair {@code b} shows the image of pair {@code j} of all. */
  public boolean match(int b, int j) {
    return hasIds() ? imageIds.get(first + b).equals(imageIds.get(j)) : first + b == j;
  }
}
