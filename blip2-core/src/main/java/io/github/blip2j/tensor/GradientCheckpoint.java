package io.github.blip2j.tensor;

import io.github.blip2j.autograd.GradMode;
import java.util.ArrayList;
import java.util.List;

/**
 * Gradient checkpointing: a part of a model is computed twice to save memory ( Chen et al. 2016,
 * "Training deep nets with sublinear memory cost").
 *
 * <p>A backward pass needs the intermediate values of every layer, and a transformer of 39 layers
 * has gigabytes of them. With checkpointing a part keeps only its inputs and its result. When its
 * gradient is needed, the part runs once more, recorded, and the backward pass of that small tape
 * runs at once and releases it:
 *
 * <pre>
 * kept                  inputs ─────────────── result
 * forward                 └── first, recorded, released ──┘
 * backward                └── again, recorded, backward, released ──┘
 * </pre>
 *
 * <p>The first run is recorded too, although its tape is not kept. This shows whether anything
 * inside requires a gradient, and makes both runs use the same kernels, so that gradients are
 * bit-identical to those without recomputation.
 *
 * <p>Inputs get their gradients through the enclosing tape. Other leaves, such as parameters, get
 * theirs from the part's own tape: the sink of such a leaf is called once for each part that uses
 * it, with a tensor that is released afterwards.
 */
public final class GradientCheckpoint {
  private GradientCheckpoint() {}

  /** A part of a model: the same values from the same inputs, each time. */
  @FunctionalInterface
  public interface Part {
    /** The result of these inputs. */
    Tensor run(List<Tensor> inputs);
  }

  /**
   * The result of {@code first}; {@code again} runs in the backward pass, if there is one. Both
   * must compute the same, random numbers included, and must not change the inputs.
   */
  public static Tensor of(List<Tensor> inputs, Part first, Part again) {
    Tensor result = withoutIntermediates(inputs, first);
    if (!result.requiresGrad()) {
      return result;
    }
    // An input that always requires a gradient: there may be none but the parameters inside.
    Tensor anchor = result.filled(0, result.dtype(), 0).leaf(g -> {});
    List<Tensor> anchored = new ArrayList<>(inputs);
    anchored.add(anchor);
    return Op.of("recomputed", result).wrt(anchored, g -> gradients(inputs, again, g)).tensor();
  }

  private static Tensor withoutIntermediates(List<Tensor> inputs, Part part) {
    try (Scope scope = Scope.open()) {
      return scope.keep(part.run(inputs));
    }
  }

  /** Gradients of the inputs, and of the anchor after them. */
  private static Tensor[] gradients(List<Tensor> inputs, Part part, Tensor g) {
    Tensor[] gradients = new Tensor[inputs.size() + 1];
    try (Scope scope = Scope.open();
        var recording = GradMode.recordAgain()) {
      List<Tensor> leaves = new ArrayList<>();
      for (int i = 0; i < inputs.size(); i++) {
        int index = i;
        Tensor input = inputs.get(i);
        leaves.add(
            input.requiresGrad()
                ? input.detach().leaf(gradient -> gradients[index] = scope.keep(gradient))
                : input);
      }
      Tensor result = part.run(leaves);
      if (result.requiresGrad()) { // not if everything was frozen meanwhile
        result.backward(g);
      }
    }
    for (int i = 0; i < inputs.size(); i++) {
      if (gradients[i] == null && inputs.get(i).requiresGrad()) {
        gradients[i] = g.filled(0, g.dtype(), inputs.get(i).shape().toArray());
      }
    }
    gradients[inputs.size()] = g.filled(0, g.dtype(), 0);
    return gradients;
  }
}
