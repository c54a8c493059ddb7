package io.github.blip2j.tensor.types;

import java.util.Locale;
import java.util.Objects;

/**
 * Which rows of a larger batch the rows of a tensor are, the batch being shared equally by ranks.
 *
 * @param rank whose rows they are
 * @param ranks the number of ranks
 * @param parts how many batches follow one another in a tensor, each of them shared; 3 for matching
 *     pairs, and pairs with negative images and texts
 */
public record RowShare(int rank, int ranks, int parts) {
  /** All rows. */
  public static final RowShare ALL = new RowShare(0, 1, 1);

  /** Checks the numbers. */
  public RowShare {
    Objects.checkIndex(rank, ranks);
    if (parts < 1) {
      throw new IllegalArgumentException("rows: parts expected at least 1, got " + parts);
    }
  }

  /** Whether the tensor has all rows. */
  public boolean isAll() {
    return ranks == 1;
  }

  /** The same share of several batches one after the other. */
  public RowShare of(int newParts) {
    return isAll() ? this : new RowShare(rank, ranks, newParts);
  }

  /**
   * How many elements of a tensor follow one another in the larger one too.
   *
   * @param size the tensor's elements
   * @throws IllegalArgumentException if it does not have the parts
   */
  public long run(long size) {
    if (size % parts != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "rows: %d equal parts expected, got %d elements", parts, size));
    }
    return isAll() ? size : size / parts;
  }

  /** The place of an element in the larger tensor. */
  public long place(long element, long size) {
    if (isAll()) {
      return element;
    }
    long run = run(size);
    return (element / run * ranks + rank) * run + element % run;
  }
}
