package io.github.blip2j.nn;

import io.github.blip2j.tensor.ShapeMismatchException;
import io.github.blip2j.tensor.Tensor;

/**
 * A part of a model that owns parameters.
 *
 * <p>A module is immutable once built: its {@code forward} keeps nothing, so that one loaded model
 * serves many threads. Whatever changes from call to call, such as caches, random sources and
 * whether dropout is on, is an argument. Building and loading are the same code, by {@link Params}.
 */
public abstract class Module {
  private final String path;

  /** A module at the cursor's place. */
  protected Module(Params params) {
    this.path = params.path();
  }

  /** A module that shares the parameters of {@code other}, and so stands where that does. */
  protected Module(Module other) {
    this.path = other.path;
  }

  /** Where this module stands in its model, as in {@code "qformer.layers.0.attention"}. */
  public final String path() {
    return path;
  }

  /** Checks that {@code x} holds vectors of length {@code dim}. */
  final void requireLastAxis(Tensor x, long dim) {
    if (x.rank() == 0 || x.dim(-1) != dim) {
      throw new ShapeMismatchException(path + ": x expected [..., " + dim + "], got " + x.shape());
    }
  }
}
