package io.github.blip2j.training;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Tensor;
import java.util.Map;

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

  /**
   * Tensors that the objective keeps from update to update beside its trained parameters, such as a
   * queue of features or a momentum encoder's weights: by names, shapes and types that stay. They
   * are its own memory. Checkpoints hold them under {@code objective.}, and a resumed run writes
   * them back in place. An update that fails is saved with what {@link #losses} left in them;
   * change them in {@link TrainingListener#updated} if that matters.
   */
  default Map<String, Tensor> state() {
    return Map.of();
  }
}
