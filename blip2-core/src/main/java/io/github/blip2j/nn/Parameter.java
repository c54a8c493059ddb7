package io.github.blip2j.nn;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A weight of a model with its accumulated gradient.
 *
 * <p>Parameters are frozen when a model is loaded. {@link #train()} makes a parameter a leaf of the
 * graph; gradients then accumulate over backward passes until {@link #clearGradient()}.
 */
public final class Parameter {
  private final String name;
  private final Scope home;
  private Tensor value;
  private @Nullable Tensor sum; // of the gradients
  private Consumer<Parameter> watcher = parameter -> {};
  private boolean ofLinearMap;
  private @Nullable LowRankUpdate update;

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

  /**
   * Requires a gradient from now on.
   *
   * @throws IllegalStateException if the weight is packed for inference
   */
  public void train() {
    if (value.packing() != null) {
      throw new IllegalStateException(
          name + ": plain weight expected for training, got a packed one; load it unpacked");
    }
    if (!value.requiresGrad()) {
      value = value.leaf(this::accumulate);
    }
  }

  /**
   * Sets the compute precision of linear maps by this matrix, forward and backward; see {@link
   * Tensor#withComputePrecision}. The weight itself and its gradient stay float32. It has no effect
   * on parameters that are not matrices, such as biases.
   */
  public void computeIn(Precision precision) {
    if (value.rank() == 2) {
      value = value.withComputePrecision(precision);
    }
  }

  /** Requires no gradient from now on. */
  public void freeze() {
    value = value.detach();
    clearGradient();
  }

  /** Whether it requires a gradient. */
  public boolean isTrained() {
    return value.requiresGrad();
  }

  /** The sum of the gradients since the last clearing, or null if there were none. */
  public @Nullable Tensor gradient() {
    return sum;
  }

  /** Clears the gradient and releases its memory for the next forward pass. */
  public void clearGradient() {
    if (sum != null) {
      home.release(sum);
      sum = null;
    }
  }

  /**
   * Gives the gradient away, so that the next one is not added to it but begins anew. Its memory
   * stays as it is until {@link #putGradient} gives it back.
   *
   * @return null if there is none
   */
  public @Nullable Tensor takeGradient() {
    @Nullable Tensor taken = sum;
    sum = null;
    return taken;
  }

  /**
   * Replaces the gradient, such as by the sum of those of several processes.
   *
   * @param gradient of the weight's shape, dense. Its memory is released with it if it was
   *     {@linkplain #takeGradient taken} from here, and else belongs to the caller
   */
  public void putGradient(Tensor gradient) {
    gradient.shape().require(name, "gradient", value.shape().toArray());
    clearGradient();
    sum = gradient;
  }

  /** Calls {@code newWatcher} after each gradient that is added, in the place of the former one. */
  public void watchGradients(Consumer<Parameter> newWatcher) {
    watcher = newWatcher;
  }

  /** Notes that this is the weight of a linear map, which applies its low-rank update. */
  void serveLinearMap() {
    ofLinearMap = true;
  }

  /** Whether this is the weight of a linear map, which may have a low-rank update. */
  public boolean isOfLinearMap() {
    return ofLinearMap;
  }

  /**
   * Adds a low-rank update to the linear map of this weight. The weight itself stays as it is, and
   * may be packed.
   *
   * @throws IllegalStateException if this is not the weight of a linear map, or has an update
   * @throws ShapeMismatchException if the update is of another shape
   */
  public void adapt(LowRankUpdate lowRank) {
    if (!ofLinearMap || update != null) {
      throw new IllegalStateException(
          name
              + ": weight of a linear map expected without an update, got "
              + (ofLinearMap ? "one with it" : "another parameter"));
    }
    long out = lowRank.b().value().dim(0);
    long in = lowRank.a().value().dim(1);
    Shape shape = value.shape();
    if (!shape.equals(Shape.of(out, in))) {
      throw new ShapeMismatchException(
          name + ": update expected of " + shape + ", got " + Shape.of(out, in));
    }
    update = lowRank;
  }

  /** The low-rank update of the linear map of this weight, or null if there is none. */
  public @Nullable LowRankUpdate update() {
    return update;
  }

  private void accumulate(Tensor g, boolean shared) {
    if (sum != null) {
      sum.addInPlace(g);
    } else {
      boolean ours = !shared && g.isDense();
      sum = home.adopt(ours ? g : g.copy()); // copies of all weights are a twentieth of a step
    }
    watcher.accept(this);
  }
}
