package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An embedding: a table of vectors, looked up by id.
 *
 * <pre>{@code
 * weight  [count, dim]
 * ids     [...]       -> [..., dim]
 * scores  [..., dim]  -> [..., count]   with the tied table as output matrix
 * }</pre>
 */
public final class Embedding extends Module {
  private final Parameter weight;

  private Embedding(Parameter weight, Params params) {
    super(params);
    this.weight = weight;
  }

  /** A table of {@code count} vectors of length {@code dim}. */
  public Embedding(int count, int dim, Params params) {
    this(params.table("weight", Shape.of(count, dim), Init.normal()), params);
  }

  /** A table that also computes {@link #scores}, stored like the matrix of a linear map. */
  public static Embedding tied(int count, int dim, Params params) {
    return new Embedding(params.matrix("weight", Shape.of(count, dim), Init.normal()), params);
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
   * The logits of each id, with the table as the tied output matrix of a language model (Press and
   * Wolf 2017).
   *
   * @param x [..., dim]
   * @return [..., count]
   */
  public Tensor scores(Tensor x) {
    return scores(x, null);
  }

  /** The logits of each id, plus a bias [count]; see {@link #scores(Tensor)}. */
  public Tensor scores(Tensor x, @Nullable Tensor bias) {
    requireLastAxis(x, weight.value().dim(1));
    return x.linear(weight.value(), bias);
  }

  /** The lookup checks ids too, but its message cannot name the table. */
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
