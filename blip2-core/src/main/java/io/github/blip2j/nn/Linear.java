package io.github.blip2j.nn;

import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.tensor.LinearMap;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Affine map of the last axis, {@code y = x W^T + b}.
 *
 * <pre>{@code
 * x      [..., in]
 * weight [out, in]   PyTorch order, so checkpoints load without a transpose
 * bias   [out]
 * y      [..., out]
 * }</pre>
 */
public final class Linear extends Module {
  private final Parameter weight;
  private final @Nullable Parameter bias;

  private Linear(int in, int out, boolean biased, Params params) {
    super(params);
    this.weight = params.matrix("weight", Shape.of(out, in), Init.normal());
    this.bias = biased ? params.get("bias", Shape.of(out), Init.zeros()) : null;
    weight.serveLinearMap();
  }

  /** A map with a bias. */
  public Linear(int in, int out, Params params) {
    this(in, out, true, params);
  }

  /** A map without a bias. */
  public static Linear withoutBias(int in, int out, Params params) {
    return new Linear(in, out, false, params);
  }

  /** The output width. */
  public int outputs() {
    return Math.toIntExact(weight.value().dim(0));
  }

  /**
   * The map.
   *
   * @param x [..., in]
   * @return [..., out]
   */
  public Tensor forward(Tensor x) {
    return forward(x, Activation.IDENTITY, null);
  }

  /** The map, then {@code activation}. */
  public Tensor forward(Tensor x, Activation activation) {
    return forward(x, activation, null);
  }

  /** The map, then {@code activation}, then {@code residual} [..., out] added. */
  public Tensor forward(Tensor x, Activation activation, @Nullable Tensor residual) {
    requireLastAxis(x, weight.value().dim(1));
    @Nullable LowRankUpdate update = weight.update();
    if (update == null) {
      return x.linear(weight.value(), biasValue(), activation, residual);
    }
    Tensor updated = updated(x, update);
    Tensor activated = activation == Activation.IDENTITY ? updated : updated.activate(activation);
    return residual == null ? activated : residual.add(activated);
  }

  /** The map with a low-rank update of its weight. */
  private Tensor updated(Tensor x, LowRankUpdate update) {
    return x.linear(weight.value(), biasValue(), Activation.IDENTITY, update.forward(x));
  }

  private @Nullable Tensor biasValue() {
    return bias == null ? null : bias.value();
  }

  /** Applies several maps to one input, which is prepared for them once. */
  static List<Tensor> each(Tensor x, Linear... maps) {
    return each(x, DType.FLOAT32, maps);
  }

  /**
   * Applies several maps to one input, with results in type {@code result} if nothing is recorded.
   */
  static List<Tensor> each(Tensor x, DType result, Linear... maps) {
    return each(x, Arrays.stream(maps).map(map -> map.use(Activation.IDENTITY, result)).toList());
  }

  /**
   * A use of a map as one of several of the same input.
   *
   * @param result the type of the result if nothing is recorded
   */
  record Use(Linear map, Activation activation, DType result) {}

  /** Uses several maps of one input; results are float32 if one of them has a low-rank update. */
  static List<Tensor> each(Tensor x, List<Use> uses) {
    if (uses.stream().anyMatch(use -> use.map.weight.update() != null)) {
      return uses.stream().map(use -> use.map.forward(x, use.activation, null)).toList();
    }
    return LinearMap.each(x, uses.stream().map(use -> use.map.over(x, use)).toList());
  }

  /** This map, then {@code activation}, as one of several. */
  Use use(Activation activation, DType result) {
    return new Use(this, activation, result);
  }

  private LinearMap over(Tensor x, Use use) {
    requireLastAxis(x, weight.value().dim(1));
    return new LinearMap(weight.value(), biasValue(), use.activation, use.result);
  }

  /**
   * The type that the kernel converts its input to; a preceding result may be stored in it. A
   * low-rank update reads float32.
   */
  DType input() {
    PackedWeight packing = weight.value().packing();
    return packing == null || weight.update() != null ? DType.FLOAT32 : packing.input();
  }

  /**
   * {@code residual + dropout(map(x))}.
   *
   * @param x [..., in]
   * @param dropout null for no dropout
   * @param residual [..., out]
   * @return [..., out]
   */
  public Tensor forward(Tensor x, @Nullable DropoutSpec dropout, Tensor residual) {
    if (dropout == null) {
      return forward(x, Activation.IDENTITY, residual);
    }
    requireLastAxis(x, weight.value().dim(1));
    @Nullable LowRankUpdate update = weight.update();
    return update == null
        ? x.linear(weight.value(), biasValue(), dropout, residual)
        : residual.add(updated(x, update).dropout(dropout));
  }
}
