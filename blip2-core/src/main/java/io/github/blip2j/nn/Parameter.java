package io.github.blip2j.nn;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A weight: a tensor that outlives every step, and the gradient that gathers for it.
 *
 * <p>Parameters are frozen when a model is loaded. {@link #train()} makes a parameter a leaf of
 * whatever is computed from it; gradients then add up over backward passes until {@link
 * #clearGradient()}.
 */
public final class Parameter {
  private final String name;
  private final Scope home;
  private Tensor value;
  private @Nullable Tensor gradient;

  Parameter(String name, Tensor value, Scope home) {
    this.name = name;
    this.value = home.adopt(value);
    this.home = home;
  }

  /** The full path, as in {@code "projection.weight"}. */
  public String name() {
    return name;
  }

  /** The weight, as operations use it. */
  public Tensor value() {
    return value;
  }

  /** Wants a gradient from now on. */
  public void train() {
    if (!value.requiresGrad()) {
      value = value.leaf(this::accumulate);
    }
  }

  /** Wants none any more. */
  public void freeze() {
    value = value.detach();
    clearGradient();
  }

  /** Whether it wants a gradient. */
  public boolean isTrained() {
    return value.requiresGrad();
  }

  /** The sum of the gradients so far, or null before the first. */
  public @Nullable Tensor gradient() {
    return gradient;
  }

  /** Forgets the gradients so far; their memory is kept for the next ones. */
  public void clearGradient() {
    if (gradient != null) {
      gradient.scaleInPlace(0);
    }
  }

  private void accumulate(Tensor g) {
    if (gradient == null) {
      gradient = home.adopt(g.copy());
    } else {
      gradient.addInPlace(g);
    }
  }
}
