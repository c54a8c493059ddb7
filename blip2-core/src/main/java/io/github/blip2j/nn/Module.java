package io.github.blip2j.nn;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A part of a model that owns parameters.
 *
 * <p>A module keeps no state in {@code forward}, so that one loaded model serves many threads:
 * caches, random sources and training mode are arguments. Only its {@link Parameter}s can be set to
 * train, frozen, or given another compute precision. Building and loading are the same code, by
 * {@link Params}.
 */
public abstract class Module {
  private final String path;
  private final NavigableMap<String, Parameter> ofModel; // of the whole model, by path

  /** A module at the path of the cursor. */
  protected Module(Params params) {
    this.path = params.path();
    this.ofModel = params.all();
  }

  /** A module that shares the parameters of {@code other}, under the same path. */
  protected Module(Module other) {
    this.path = other.path;
    this.ofModel = other.ofModel;
  }

  /** The path of this module in its model, as in {@code "qformer.layers.0.attention"}. */
  public final String path() {
    return path;
  }

  /**
   * The parameters of this module and of all modules in it, by the path below this module, sorted:
   * PyTorch's {@code named_parameters}. A parameter that several modules share is listed once,
   * under the path that it was loaded for.
   *
   * <p>{@link Parameter#train} and {@link Parameter#freeze} decide which ones an optimizer updates.
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
   * The values of {@link #parameters}, by the same names: PyTorch's {@code state_dict}. The tensors
   * are the module's own, not copies.
   *
   * @return unmodifiable
   */
  public NavigableMap<String, Tensor> stateDict() {
    var state = new TreeMap<String, Tensor>();
    parameters().forEach((name, parameter) -> state.put(name, parameter.value()));
    return Collections.unmodifiableNavigableMap(state);
  }

  /** The backend of its model's parameters, on which its inputs must be. */
  public final Backend backend() {
    var first = ofModel.firstEntry();
    return first == null ? Backend.preferred() : first.getValue().value().backend();
  }

  /** Checks that {@code x} holds vectors of length {@code dim}. */
  final void requireLastAxis(Tensor x, long dim) {
    if (x.rank() == 0 || x.dim(-1) != dim) {
      throw new ShapeMismatchException(path + ": x expected [..., " + dim + "], got " + x.shape());
    }
  }
}
