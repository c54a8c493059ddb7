package io.github.blip2j.training;

import io.github.blip2j.nn.ForwardPass;

/**
 * A training objective: a model's losses on a batch.
 *
 * @param <B> a batch
 */
@FunctionalInterface
public interface Objective<B extends Batch> {
  /**
   * The losses of a batch, each a mean over its samples.
   *
   * @param pass training, with the random source of this step
   */
  Losses losses(B batch, ForwardPass pass);
}
