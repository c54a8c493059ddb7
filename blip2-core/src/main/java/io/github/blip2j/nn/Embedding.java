package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A table of vectors, read by id. */
public final class Embedding extends Module {
  private final Parameter weight;

  private Embedding(Parameter weight, Params params) {
    super(params);
    this.weight = weight;
  }

  /** A table of {@code count} vectors of length {@code dim}. */
  public Embedding(int count, int dim, Params params) {
    this(params.table("weight", Shape.of(count, dim), Init.normal(0.02)), params);
  }

  /** A table that gives {@link #scores} too, and is stored as a linear map is. */
  public static Embedding tied(int count, int dim, Params params) {
    return new Embedding(params.matrix("weight", Shape.of(count, dim), Init.normal(0.02)), params);
  }

  /**
   * The vectors of these ids.
   *
   * @param ids [...], int64
   * @return [..., dim]
   * @throws IllegalArgumentException if an id has no vector
   */
  public Tensor forward(Tensor ids) {
    requireIds(ids);
    return weight.value().gather(ids);
  }

  /**
   * The table as the last layer of a language model (Press and Wolf 2017): a score for each id.
   *
   * @param x [..., dim]
   * @return [..., count]
   */
  public Tensor scores(Tensor x) {
    return scores(x, null);
  }

  /** As {@link #scores(Tensor)}, plus a bias [count]. */
  public Tensor scores(Tensor x, @Nullable Tensor bias) {
    requireLastAxis(x, weight.value().dim(1));
    return x.linear(weight.value(), bias);
  }

  /** The lookup would refuse them too, without saying which of a model's tables they missed. */
  private void requireIds(Tensor ids) {
    if (ids.dtype() != DType.INT64) {
      throw new IllegalArgumentException(path() + ": ids expected INT64, got " + ids.dtype());
    }
    long count = weight.value().dim(0);
    for (long id : ids.toLongs()) {
      if (id < 0 || id >= count) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "%s: ids expected 0 to %d, got %d", path(), count - 1, id));
      }
    }
  }
}
