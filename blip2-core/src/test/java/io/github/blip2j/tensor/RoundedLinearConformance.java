package io.github.blip2j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.backend.Loops;
import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.backend.Samples;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Precision;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Linear maps that round what they multiply, forward and gradients, against plain loops over
 * rounded numbers, by the kernels of this process.
 *
 * <pre>{@code
 * M rows, K inputs, N outputs
 * }</pre>
 */
@ExtendWith(InScope.class)
public abstract class RoundedLinearConformance {
  private static final int K = 33;
  private static final int N = 17;

  private final Samples samples = new Samples(DType.FLOAT32);

  /** For the subclass. */
  protected RoundedLinearConformance() {}

  /** A leaf, and the gradient it got. */
  private static final class Leaf {
    final AtomicReference<Tensor> gradient = new AtomicReference<>();
    final Tensor value;

    Leaf(Tensor start) {
      this.value = start.leaf(gradient::set);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 6, 600})
  void linear_recorded_roundsFactorsForwardAndBackward(int rows) {
    check(rows, null);
  }

  @Test
  void linear_thinned_roundsFactorsForwardAndBackward() {
    check(6, new DropoutSpec(0.4, 7));
  }

  private void check(int M, @Nullable DropoutSpec thinning) {
    double[] x = samples.normal(M, K);
    double[] w = samples.normal(N, K);
    double[] b = samples.normal(N);
    double[] r = samples.normal(M, N);
    double[] g = samples.normal(M, N);
    Leaf input = new Leaf(samples.tensor(x, M, K));
    Leaf weight = new Leaf(samples.tensor(w, N, K).withComputePrecision(Precision.BFLOAT16));
    Leaf bias = new Leaf(samples.tensor(b, N));
    Leaf residual = new Leaf(samples.tensor(r, M, N));

    Tensor y =
        thinning == null
            ? input.value.linear(weight.value, bias.value, Activation.IDENTITY, residual.value)
            : input.value.linear(weight.value, bias.value, thinning, residual.value);
    y.backward(samples.tensor(g, M, N));

    double[] mask = mask(M, thinning);
    double[] rx = Loops.bfloat16(x);
    double[] rw = Loops.bfloat16(w);
    double[] product = Loops.linear(rx, rw, b, Activation.IDENTITY, null, M, K, N);
    double[] thin = Loops.zip(product, mask, (a, c) -> a * c);
    double[] h = Loops.zip(g, mask, (a, c) -> (float) (a * c));
    double[] rh = Loops.bfloat16(h);
    samples.assertClose(Loops.zip(thin, r, Double::sum), y, 1e-5, 0);
    samples.assertClose(Loops.product(rh, rw, M, N, K), gradient(input), 1e-5, 0);
    samples.assertClose(
        Loops.product(Loops.transposed(rh, M, N), rx, N, M, K), gradient(weight), 1e-5, 0);
    samples.assertClose(Loops.sum(h, M, N, true), gradient(bias), 1e-5, 0);
    samples.assertClose(g, gradient(residual), 0, 0);
    assertEquals(DType.FLOAT32, gradient(weight).dtype());
    samples.assertClose(w, weight.value, 0, 0);
  }

  /** What thinning multiplies by, taken from it. */
  private double[] mask(int M, @Nullable DropoutSpec thinning) {
    Tensor ones = Tensor.full(DType.FLOAT32, 1, M, N);
    return (thinning == null ? ones : ones.dropout(thinning)).toDoubles();
  }

  private static Tensor gradient(Leaf leaf) {
    Tensor gradient = leaf.gradient.get();
    if (gradient == null) {
      throw new AssertionError("gradient expected, got none");
    }
    return gradient;
  }

  @Test
  void linear_notRecorded_roundsFactorsAndNothingElse() {
    double[] x = samples.normal(5, K);
    double[] w = samples.normal(N, K);
    double[] b = samples.normal(N);
    double[] r = samples.normal(5, N);
    Tensor weight = samples.tensor(w, N, K).withComputePrecision(Precision.BFLOAT16);

    Tensor y =
        samples
            .tensor(x, 5, K)
            .linear(weight, samples.tensor(b, N), Activation.GELU, samples.tensor(r, 5, N));

    double[] expected =
        Loops.linear(Loops.bfloat16(x), Loops.bfloat16(w), b, Activation.GELU, r, 5, K, N);
    samples.assertClose(expected, y, 1e-5, 0);
  }

  /** The weight of a frozen map: what it passes back is rounded too, however it is stored. */
  @Test
  void linear_packedWeight_roundsTheGradientsFactors() {
    double[] w = samples.coarse(N, K);
    double[] g = samples.normal(6, N);
    Leaf input = new Leaf(samples.tensor(samples.normal(6, K), 6, K));
    Tensor packed = samples.tensor(w, N, K).pack(Precision.BFLOAT16, PackedWeight.Use.PREFILL);

    Tensor weight = packed.withComputePrecision(Precision.BFLOAT16);
    input.value.linear(weight, null).backward(samples.tensor(g, 6, N));

    samples.assertClose(Loops.product(Loops.bfloat16(g), w, 6, N, K), gradient(input), 1e-5, 0);
  }

  @Test
  void linear_float64_isNotRounded() {
    Samples wide = new Samples(DType.FLOAT64);
    double[] x = wide.normal(3, K);
    double[] w = wide.normal(N, K);
    Tensor weight = wide.tensor(w, N, K).withComputePrecision(Precision.BFLOAT16);

    Tensor y = wide.tensor(x, 3, K).linear(weight, null);

    wide.assertClose(Loops.linear(x, w, null, Activation.IDENTITY, null, 3, K, N), y, 0, 1e-12);
  }
}
