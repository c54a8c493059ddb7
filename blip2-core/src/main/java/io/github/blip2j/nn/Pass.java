package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * How one forward pass runs: evaluating or training, and who watches it. It is passed along, never
 * stored, so that one model can do both at once.
 */
public final class Pass {
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

  private static final Observer NOBODY = new Observer() {};
  private static final Pass EVALUATION = new Pass(null, NOBODY);

  private final @Nullable RandomGenerator random;
  private final Observer observer;

  private Pass(@Nullable RandomGenerator random, Observer observer) {
    this.random = random;
    this.observer = observer;
  }

  /** Dropout off. */
  public static Pass evaluation() {
    return EVALUATION;
  }

  /** Dropout on, drawing from {@code random}. */
  public static Pass training(RandomGenerator random) {
    return new Pass(random, NOBODY);
  }

  /** This pass, watched. */
  public Pass observedBy(Observer newObserver) {
    return new Pass(random, newObserver);
  }

  /** Who watches. */
  public Observer observer() {
    return observer;
  }

  /** The random source of dropout, or null when evaluating. */
  public @Nullable RandomGenerator random() {
    return random;
  }
}
