package io.github.blip2j.nn;

import io.github.blip2j.tensor.GradientCheckpoint;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * How one forward pass runs: evaluating or training, what it keeps for the backward pass, and who
 * watches it. It is passed along, never stored, so that one model can do all of it at once.
 */
public final class ForwardPass {
  /** Sees what a pass computes on the way. Tensors are valid during the call unless kept. */
  public interface Observer {
    /** The residual stream, before the first layer (index 0) and after each. */
    default void hiddenState(String path, int index, Tensor x) {}

    /** Attention probabilities [B, H, T, S]; only then are they computed apart from the product. */
    default void attention(String path, Tensor weights) {}

    /** Whether {@link #attention} wants to be called. */
    default boolean wantsAttention() {
      return false;
    }

    /**
     * The gradient of what {@link #attention} showed under the same path, [B, H, T, S]. It comes
     * while {@link Tensor#backward()} runs, the last layer's first.
     */
    default void attentionGradient(String path, Tensor gradient) {}

    /**
     * Whether {@link #attentionGradient} wants to be called. Probabilities then are recorded though
     * nothing before them wants a gradient, so that a loss of a frozen model has one.
     */
    default boolean wantsAttentionGradient() {
      return false;
    }
  }

  /** One layer of a tower, run by {@link #layer}. */
  @FunctionalInterface
  public interface Layer {
    /** The layer's output; {@code pass} replaces the one around it. */
    Tensor forward(List<Tensor> inputs, ForwardPass pass);
  }

  private static final Observer NOBODY = new Observer() {};
  private static final ForwardPass EVALUATION = new ForwardPass(null, false, NOBODY);

  private final @Nullable RandomGenerator random;
  private final boolean withGradientCheckpointing;
  private final Observer observer;

  private ForwardPass(@Nullable RandomGenerator random, boolean recomputing, Observer observer) {
    this.random = random;
    this.withGradientCheckpointing = recomputing;
    this.observer = observer;
  }

  /** Dropout off. */
  public static ForwardPass evaluation() {
    return EVALUATION;
  }

  /** Dropout on, drawing from {@code random}. */
  public static ForwardPass training(RandomGenerator random) {
    return new ForwardPass(random, false, NOBODY);
  }

  /** This pass, watched. */
  public ForwardPass observedBy(Observer newObserver) {
    return new ForwardPass(random, withGradientCheckpointing, newObserver);
  }

  /**
   * This pass with dropout off, for a frozen part inside a training one. Which parts those are is
   * known to the model that owns them, not to the parts.
   */
  public ForwardPass evaluating() {
    return new ForwardPass(null, withGradientCheckpointing, observer);
  }

  /**
   * This pass, keeping no more of each {@linkplain #layer layer} than its inputs and its output:
   * the backward pass computes it again, at the price of one more forward pass.
   */
  public ForwardPass withGradientCheckpointing() {
    return new ForwardPass(random, true, observer);
  }

  /** This pass, keeping all that the backward pass needs. */
  public ForwardPass withoutGradientCheckpointing() {
    return new ForwardPass(random, false, observer);
  }

  /**
   * Runs one layer of a tower in a scope of its own, the second time that it is needed too.
   *
   * <p>While training, the layer draws from a source of its own, seeded by one draw from this
   * pass's. Computed again, it therefore drops out the same, and recomputing changes no number.
   *
   * @param inputs all tensors that the layer reads and that may want a gradient, but parameters
   */
  public Tensor layer(List<Tensor> inputs, Layer layer) {
    long seed = random == null ? 0 : random.nextLong();
    GradientCheckpoint.Part first = x -> layer.forward(x, forked(seed, observer));
    if (!withGradientCheckpointing) {
      return Scope.run(() -> first.run(inputs));
    }
    return GradientCheckpoint.of(inputs, first, x -> layer.forward(x, forked(seed, unseen())));
  }

  /** Who watches. */
  public Observer observer() {
    return observer;
  }

  /** Whether anybody watches. */
  public boolean isObserved() {
    return observer != NOBODY;
  }

  /** The random source of dropout, or null when evaluating. */
  public @Nullable RandomGenerator random() {
    return random;
  }

  private ForwardPass forked(long seed, Observer by) {
    return new ForwardPass(random == null ? null : new SplittableRandom(seed), false, by);
  }

  /** An observer that sees nothing, yet lets attention be computed as for the one who saw it. */
  private Observer unseen() {
    return new Observer() {
      @Override
      public boolean wantsAttention() {
        return observer.wantsAttention();
      }
    };
  }
}
