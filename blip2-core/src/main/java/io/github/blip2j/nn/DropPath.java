package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Stochastic depth (Huang et al. 2016): leaves out a residual branch with a probability,
 * independently for each sample, and scales it up otherwise, so that the expectation is unchanged.
 * Without a training {@link ForwardPass} the branch is always taken, at no extra cost.
 */
public final class DropPath {
  private final double probability;

  /**
   * Builds stochastic depth with this probability of leaving the branch out.
   *
   * @throws IllegalArgumentException unless it is in [0, 1)
   */
  public DropPath(double probability) {
    if (!(probability >= 0 && probability < 1)) {
      throw new IllegalArgumentException(
          "drop path: probability expected in [0, 1), got " + probability);
    }
    this.probability = probability;
  }

  /**
   * The probability of layer {@code index} of {@code layers}: 0 for the first, {@code last} for the
   * last, and linear between.
   */
  public static double linear(double last, int index, int layers) {
    return layers == 1 ? 0 : last * index / (layers - 1);
  }

  /**
   * {@code x + branch}, or {@code x} for samples that are left out.
   *
   * @param x [B, ...]
   * @param branch computes the branch and adds its argument, if there is one, in the same kernel
   */
  public Tensor add(Tensor x, Function<@Nullable Tensor, Tensor> branch, ForwardPass pass) {
    RandomGenerator random = pass.random();
    if (random == null || probability == 0) {
      return branch.apply(x);
    }
    float[] keep = new float[Math.toIntExact(x.dim(0))];
    for (int i = 0; i < keep.length; i++) {
      keep[i] = random.nextDouble() < probability ? 0 : (float) (1 / (1 - probability));
    }
    long[] perSample = new long[x.rank()];
    Arrays.fill(perSample, 1);
    perSample[0] = keep.length;
    return x.add(branch.apply(null).mul(Tensor.of(keep, perSample).to(x.dtype())));
  }
}
