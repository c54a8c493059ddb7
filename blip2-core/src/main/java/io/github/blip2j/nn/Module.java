package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A part of a model that owns parameters.
 *
 * <p>A module is immutable once built: its {@code forward} keeps nothing, so that one loaded model
 * serves many threads. Whatever changes from call to call, such as caches, random sources and
 * whether dropout is on, is an argument. Building and loading are the same code, by {@link Params}.
 */
public abstract class Module {
  private final String path;
  private final NavigableMap<String, Parameter> ofModel; // of the whole model, by path

  /** A module at the cursor's place. */
  protected Module(Params params) {
    this.path = params.path();
    this.ofModel = params.all();
  }

  /** A module that shares the parameters of {@code other}, and so stands where that does. */
  protected Module(Module other) {
    this.path = other.path;
    this.ofModel = other.ofModel;
  }

  /** Where this module stands in its model, as in {@code "qformer.layers.0.attention"}. */
  public final String path() {
    return path;
  }

  /**
   * The parameters of this module and of all modules in it, by the path below this module, sorted:
   * PyTorch's {@code named_parameters}. A parameter that several modules share stands here once, at
   * the place that it was loaded for.
   *
   * <p>{@link Parameter#train} and {@link Parameter#freeze} decide what an optimiser moves.
   *
   * @return unmodifiable
   */
  public NavigableMap<String, Parameter> parameters() {
    if (path.isEmpty()) {
      return ofModel;
    }
    var own = new TreeMap<String, Parameter>();
    ofModel
        .subMap(path + ".", true, path + "/", false) // '/' follows '.' among characters
        .forEach((name, parameter) -> own.put(name.substring(path.length() + 1), parameter));
    return Collections.unmodifiableNavigableMap(own);
  }

  /**
   * The values of {@link #parameters}, as {@link
   * io.github.blip2j.io.safetensors.SafetensorsWriter#create(java.nio.file.Path, java.util.List)}
   * and {@link Weights} know them: PyTorch's {@code state_dict}. The tensors are the module's own,
   * not copies.
   *
   * @return unmodifiable
   */
  public NavigableMap<String, Tensor> stateDict() {
    var state = new TreeMap<String, Tensor>();
    parameters().forEach((name, parameter) -> state.put(name, parameter.value()));
    return Collections.unmodifiableNavigableMap(state);
  }

  /** Checks that {@code x} holds vectors of length {@code dim}. */
  final void requireLastAxis(Tensor x, long dim) {
    if (x.rank() == 0 || x.dim(-1) != dim) {
      throw new ShapeMismatchException(path + ": x expected [..., " + dim + "], got " + x.shape());
    }
  }
}
