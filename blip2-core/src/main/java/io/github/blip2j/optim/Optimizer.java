package io.github.blip2j.optim;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An optimiser: it moves parameters along their gradients, and owns the state that this needs.
 *
 * <p>Any class may implement it. {@link GroupedOptimizer} does all but the formula, and {@link
 * AdamW} is the default. A training loop calls, for each update,
 *
 * <pre>{@code
 * optimizer.clearGradients();
 * for (Batch batch : batches) { // gradients accumulate
 *   objective.losses(batch, pass).total().mul(1.0 / batches.size()).backward();
 * }
 * double norm = optimizer.gradientNorm();
 * optimizer.step(lr, Optimizer.clipScale(norm, clipNorm));
 * }</pre>
 *
 * <p>A checkpoint stores {@link #state} under {@code optimizer.}, with {@link #name} and {@link
 * #constants}, and a resumed run gives it to {@link #restore}. A resume is exact to the bit if the
 * state holds everything that a step depends on beside parameters, gradients and learning rate.
 */
public interface Optimizer extends AutoCloseable {
  /** Reads one tensor of a saved state into the current scope. */
  @FunctionalInterface
  interface StateSource {
    /** The tensor of this name, which has this type and shape. */
    Tensor read(String name, DType dtype, Shape shape) throws IOException;
  }

  /** The name of the method, such as {@code adamW}; a run is resumed with the same one only. */
  String name();

  /**
   * The constants of the formula by name, such as {@code beta1}; a run is resumed with the same
   * ones only. Learning rate, weight decay and other settings of groups are not among them: they
   * may change between stop and resume.
   */
  default Map<String, Double> constants() {
    return Map.of();
  }

  /**
   * What may change between stop and resume, by name, such as the weight decay of groups.
   * Checkpoints hold it, and a resumed run tells of other values.
   */
  default Map<String, String> settings() {
    return Map.of();
  }

  /** The trained parameters, in the order of the groups. */
  List<Parameter> parameters();

  /**
   * Updates every parameter that has a gradient, without recording.
   *
   * @param lr learning rate, at least 0, which each group scales
   * @param gradientScale factor of the gradients; 1 unless they are clipped
   */
  void step(double lr, double gradientScale);

  /** Updates every parameter that has a gradient, without clipping. */
  default void step(double lr) {
    step(lr, 1);
  }

  /**
   * The state, to be saved, by names that do not change from call to call. Shapes and types do not
   * change either, and there is state from the beginning, before the first step. Tensors are the
   * optimiser's own memory or belong to the current scope.
   *
   * @throws IllegalStateException if ranks share it and it is not {@linkplain #gatherState
   *     gathered}
   */
  Map<String, Tensor> state();

  /** Names, types and shapes of the whole state, in its order. */
  default List<TensorSpec> stateSpecs() {
    return state().entrySet().stream()
        .map(e -> new TensorSpec(e.getKey(), e.getValue().dtype(), e.getValue().shape()))
        .toList();
  }

  /**
   * Shares the state among ranks, so that its memory falls with their number (Rajbhandari et al.
   * 2020, "ZeRO", stage 1): each keeps the state of some parameters, moves these in {@link #step},
   * and sends them to the others. All ranks call it before the first step, or before {@link
   * #restore}, and the updates are the same as without.
   *
   * @throws UnsupportedOperationException if this optimiser can't
   */
  default void shareState(Ranks ranks) {
    throw new UnsupportedOperationException(
        name() + ": state expected on each rank, as it can't be shared; leave out shareState");
  }

  /** Whether ranks share the state. */
  default boolean sharesState() {
    return false;
  }

  /**
   * Gathers a state that ranks share on rank 0, until the result is closed. All ranks call it;
   * otherwise it does nothing.
   */
  default Gathered gatherState() {
    return () -> {};
  }

  /** A state that is whole on rank 0 until it is closed. */
  @FunctionalInterface
  interface Gathered extends AutoCloseable {
    @Override
    void close();
  }

  /** Restores a state of {@link #state}, bit for bit: reads each of its tensors. */
  void restore(StateSource source) throws IOException;

  /**
   * Euclidean length of all gradients together, as one vector; it is finite exactly if every number
   * in them is.
   */
  default double gradientNorm() {
    List<Tensor> gradients = new ArrayList<>();
    for (Parameter parameter : parameters()) {
      Tensor gradient = parameter.gradient();
      if (gradient != null) {
        gradients.add(gradient);
      }
    }
    double sum = 0;
    for (double squares : Tensor.squaredNorms(gradients)) {
      sum += squares;
    }
    return Math.sqrt(sum);
  }

  /**
   * Whether finite parameters stay finite in a step at this rate if their gradients are finite, so
   * that the training loop need not read them all once more.
   */
  default boolean keepsFinite(double lr) {
    return false;
  }

  /** Clears all gradients. */
  default void clearGradients() {
    parameters().forEach(Parameter::clearGradient);
  }

  /** Releases the state. */
  @Override
  void close();

  /**
   * The factor that shortens a gradient of length {@code norm} to {@code clipNorm}, at most 1
   * (Pascanu et al. 2013), with the 1e-6 of PyTorch's {@code clip_grad_norm_}.
   */
  static double clipScale(double norm, double clipNorm) {
    return Math.min(1, clipNorm / (norm + 1e-6));
  }
}
