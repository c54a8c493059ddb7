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
   * @param pass {@linkplain ForwardPass#isTraining training}, with the random source of this step;
   *     or evaluation, when a listener validates
   */
  Losses losses(B batch, ForwardPass pass);

  /**
   * Tensors that the objective keeps from update to update beside its trained parameters, such as a
   * queue of features or a momentum encoder's weights: by names, shapes and types that stay. They
   * are its own memory, in a {@linkplain io.github.blip2j.tensor.Scope#detached detached} scope.
   * Checkpoints hold them under {@code objective.}, and a resumed run writes them back in place.
   *
   * <p>{@link #losses} may change them in a pass that {@linkplain ForwardPass#isTraining trains},
   * and only there: others validate, which is to leave no trace. {@link TrainingListener#updated}
   * may change them too. An update that fails leaves none: {@link TrainStep} copies the state
   * before each update, and writes it back in place after a failure.
   */
  default Map<String, Tensor> state() {
    return Map.of();
  }

  /**
   * What gives the trained parameters their meaning, by name, such as the scale of a LoRA: with
   * other values they are another model. Checkpoints hold it, and a run is resumed with the same
   * values only.
   */
  default Map<String, String> constants() {
    return Map.of();
  }

  /**
   * What the losses depend on besides, by name, such as their weights and the probability of
   * dropout. Checkpoints hold it. A run may be resumed with other values, and {@link
   * TrainingListener#resumed} tells of them.
   */
  default Map<String, String> settings() {
    return Map.of();
  }

  /** This objective with gradient checkpointing of layers, to the same losses and gradients. */
  default Objective<B> withGradientCheckpointing() {
    return new RecomputingObjective<>(this);
  }
}
