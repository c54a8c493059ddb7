package io.github.blip2j.nn;

import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;

/** A table of vectors, read by id. */
public final class Embedding extends Module {
  private final Parameter weight;

  /** A table of {@code count} vectors of length {@code dim}. */
  public Embedding(int count, int dim, Params params) {
    super(params);
    this.weight = params.matrix("weight", Shape.of(count, dim), Init.normal(0.02));
  }

  /**
   * The vectors of these ids.
   *
   * @param ids [...], int64
   * @return [..., dim]
   */
  public Tensor forward(Tensor ids) {
    return weight.value().gather(ids);
  }

  /**
   * The table as the last layer of a language model (Press and Wolf 2017): a score for each id.
   *
   * @param x [..., dim]
   * @return [..., count]
   */
  public Tensor scores(Tensor x) {
    return x.linear(weight.value(), null);
  }
}
