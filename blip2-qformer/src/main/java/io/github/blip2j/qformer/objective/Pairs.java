package io.github.blip2j.qformer.objective;

import java.util.List;
import java.util.Objects;

/**
 * The own pairs of a batch among all pairs, and which pairs show the same image.
 *
 * <p>With one process the own pairs are all pairs. With several, a process's own pairs begin at
 * {@link #first}.
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

  /** A batch of one process, in which each pair has its own image. */
  public static Pairs of(int size) {
    return among(size, 0, size);
  }

  /**
   * A batch of one process, in which pairs with equal ids show the same image; ids are of any type.
   */
  public static Pairs withImageIds(List<?> imageIds) {
    int size = imageIds.size();
    return new Pairs(size, 0, size, List.copyOf(imageIds));
  }

  /** {@code own} pairs from {@code first} on among {@code all}. */
  public static Pairs among(int own, int first, int all) {
    Objects.checkFromIndexSize(first, own, all);
    return new Pairs(own, first, all, List.of());
  }

  /**
   * {@code own} pairs from {@code first} on among all, in which pairs with equal ids show the same
   * image.
   *
   * @param imageIds of all pairs
   */
  public static Pairs among(int own, int first, List<?> imageIds) {
    Objects.checkFromIndexSize(first, own, imageIds.size());
    return new Pairs(own, first, imageIds.size(), List.copyOf(imageIds));
  }

  /** The number of own pairs. */
  public int own() {
    return own;
  }

  /** The index of the first own pair among all. */
  public int first() {
    return first;
  }

  /** The number of pairs of all processes. */
  public int all() {
    return all;
  }

  /** Whether several pairs may show the same image. */
  public boolean hasIds() {
    return !imageIds.isEmpty();
  }

  /** Whether own pair {@code b} shows the same image as pair {@code j} of all. */
  public boolean match(int b, int j) {
    return hasIds() ? imageIds.get(first + b).equals(imageIds.get(j)) : first + b == j;
  }
}
