package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Locale;

/**
 * A low-rank update of a linear map (LoRA, Hu et al. 2021, section 4.1): {@code scale B A
 * dropout(x)} is added to the result of a map whose own weight may be frozen and packed.
 *
 * <pre>{@code
 * a  [R, in]
 * b  [out, R]
 * }</pre>
 */
public final class LowRankUpdate {
  private final Parameter a;
  private final Parameter b;
  private final double scale;
  private final LowRankDropout dropout;

  /**
   * An update by two factors.
   *
   * @param scale of the product, such as {@code alpha / R}
   * @throws ShapeMismatchException if the factors have no common rank
   */
  public LowRankUpdate(Parameter a, Parameter b, double scale, LowRankDropout dropout) {
    Shape left = b.value().shape();
    Shape right = a.value().shape();
    if (left.rank() != 2 || right.rank() != 2 || left.dim(1) != right.dim(0)) {
      throw new ShapeMismatchException(
          String.format(
              Locale.ROOT,
              "%s: factors expected [R, in] and [out, R], got %s and %s",
              a.name(),
              right,
              left));
    }
    this.a = a;
    this.b = b;
    this.scale = scale;
    this.dropout = dropout;
  }

  /** The first factor, [R, in]. */
  public Parameter a() {
    return a;
  }

  /** The second factor, [out, R]. */
  public Parameter b() {
    return b;
  }

  /** The factor of the product. */
  public double scale() {
    return scale;
  }

  /** The product itself, {@code scale B A}, [out, in], which merging adds to the weight. */
  public Tensor product() {
    return b.value().matmul(a.value()).mul(scale);
  }

  /**
   * The update of a map's result.
   *
   * @param x [..., in]
   * @return [..., out]
   */
  Tensor forward(Tensor x) {
    DropoutSpec spec = dropout.of(a.name(), x.dim(0));
    Tensor input = spec == null ? x : x.dropout(spec);
    Tensor inner = input.linear(a.value(), null).mul(scale); // [..., R]
    return inner.linear(b.value(), null);
  }
}
