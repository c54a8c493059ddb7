package io.github.blip2j.tensor;

import io.github.blip2j.backend.Affine;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One of several linear maps of the same input, {@code f(x W^T + b)}: query, key and value, or the
 * two halves of a gated MLP.
 *
 * @param weight [N, K]
 * @param bias [N]
 * @param result the type of the result if nothing is recorded: float32, or bfloat16 if the next
 *     operation rounds it to that anyway
 */
public record LinearMap(Tensor weight, @Nullable Tensor bias, Activation activation, DType result) {
  /** A map whose result is float32. */
  public LinearMap(Tensor weight, @Nullable Tensor bias, Activation activation) {
    this(weight, bias, activation, DType.FLOAT32);
  }

  /**
   * Applies each map to {@code x}. The kernels' preparation of the input, such as rounding to the
   * weights' type, is done once for all maps.
   *
   * @param x [..., K]
   * @return [..., N] for each map
   */
  public static List<Tensor> each(Tensor x, List<LinearMap> maps) {
    return MatrixOps.linears(x, maps);
  }

  boolean requiresGrad() {
    return weight.requiresGrad() || (bias != null && bias.requiresGrad());
  }

  /** This map with dense operands, for the kernels. */
  Affine dense() {
    return new Affine(
        weight.packing() == null ? ShapeOps.dense(weight) : weight,
        bias == null ? null : ShapeOps.dense(bias),
        activation);
  }
}
