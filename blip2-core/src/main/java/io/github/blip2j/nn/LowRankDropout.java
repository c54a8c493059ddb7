package io.github.blip2j.nn;

import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.RowShare;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The dropout of the inputs of all {@linkplain LowRankUpdate low-rank updates} of a model.
 *
 * <p>Linear maps know no {@link ForwardPass}, so the objective announces each pass by {@link
 * #begin}. The elements that a map drops depend on that pass and on the map's name alone, so that
 * gradient checkpointing drops the same ones again.
 */
public final class LowRankDropout {
  private final double probability;
  private @Nullable Long seed; // of the pass; null while evaluating
  private RowShare share = RowShare.ALL;
  private long batch; // rows of this share; 0 if a tensor may have others

  /**
   * Dropout with this probability of zero, off until a training pass begins.
   *
   * @throws IllegalArgumentException unless it is in [0, 1)
   */
  public LowRankDropout(double probability) {
    this.probability = new DropoutSpec(probability, 0).probability(); // checked there
  }

  /** The probability of zero. */
  public double probability() {
    return probability;
  }

  /** Draws the dropout of a pass that begins; an evaluation has none. */
  public void begin(ForwardPass pass) {
    begin(pass, 0);
  }

  /**
   * Draws the dropout of a pass over so many rows, whose maps also read tensors of two or three
   * times as many: batches one after the other, each of which ranks share.
   */
  public void begin(ForwardPass pass, int rows) {
    RandomGenerator random = pass.random();
    share = pass.rows();
    batch = rows;
    seed = random == null || probability == 0 ? null : random.nextLong();
  }

  /** Whether maps drop elements in this pass. */
  public boolean isActive() {
    return seed != null;
  }

  /**
   * What a reader gives for a row of the whole batch that another rank may have: maps drop what
   * they drop there.
   *
   * @param row its place in the whole batch
   * @param rows of the whole batch
   */
  public <T> T at(int row, int rows, Supplier<T> reader) {
    RowShare own = share;
    long ownBatch = batch;
    share = new RowShare(row, rows, 1);
    batch = 1;
    try {
      return reader.get();
    } finally {
      share = own;
      batch = ownBatch;
    }
  }

  /** The dropout of a map's input of so many rows in this pass; null for none. */
  @Nullable DropoutSpec of(String name, long rows) {
    Long drawn = seed;
    if (drawn == null) {
      return null;
    }
    boolean several = batch > 0 && rows > batch && rows % batch == 0;
    RowShare here = several ? share.of(Math.toIntExact(rows / batch)) : share;
    return new DropoutSpec(probability, drawn + 31L * name.hashCode(), here);
  }
}
