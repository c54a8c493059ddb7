package io.github.blip2j.training;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A copy of an objective's state before an update, for the case that the update fails. */
final class ObjectiveState implements AutoCloseable {
  private final Objective<?> objective;
  private final Scope memory = Scope.detached();
  private final Map<String, Tensor> copies = new LinkedHashMap<>();

  /** Copies the state; an objective without any costs nothing. */
  ObjectiveState(Objective<?> objective) {
    this.objective = objective;
    try (var off = GradMode.noGrad();
        Scope scope = Scope.open()) {
      objective.state().forEach((name, own) -> copies.put(name, memory.adopt(own.copy())));
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /**
   * Writes the copies back in place.
   *
   * @throws IllegalStateException if the objective has other tensors now
   */
  void restore() {
    if (copies.isEmpty()) {
      return;
    }
    try (var off = GradMode.noGrad();
        Scope scope = Scope.open()) {
      Map<String, Tensor> state = objective.state();
      copies.forEach((name, copy) -> require(name, state.get(name), copy).copyInPlace(copy));
    }
  }

  private static Tensor require(String name, @Nullable Tensor own, Tensor copy) {
    if (own == null || own.dtype() != copy.dtype() || !own.shape().equals(copy.shape())) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "objective: state %s expected to stay %s %s, got %s; keep names, types and shapes",
              name,
              copy.dtype(),
              copy.shape(),
              own == null ? "none" : own.dtype() + " " + own.shape()));
    }
    return own;
  }

  @Override
  public void close() {
    memory.close();
  }
}
