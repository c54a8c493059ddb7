package io.github.blip2j.backend.nd4j;

import static io.github.blip2j.backend.nd4j.Nd4jKernels.ONE;
import static io.github.blip2j.backend.nd4j.Nd4jKernels.column;
import static io.github.blip2j.backend.nd4j.Nd4jKernels.flat;
import static io.github.blip2j.backend.nd4j.Nd4jKernels.like;
import static io.github.blip2j.backend.nd4j.Nd4jKernels.run;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.tensor.types.Shape;

/**
 * Layer norm and RMS norm, composed: ND4J's {@code layer_norm} divides by a deviation without
 * epsilon, and takes five times as long.
 */
final class Nd4jNorms {
  private Nd4jNorms() {}

  static void layerNorm(
      Nd4jKernels kernels,
      RawTensor x,
      RawTensor gamma,
      RawTensor beta,
      double eps,
      RawTensor out) {
    try (Workspace workspace = Workspace.open()) {
      long rows = x.size() / x.dim(-1);
      RawTensor y = flat(out, rows);
      RawTensor deviation = centred(kernels, flat(x, rows), eps, y);
      run("divide", y, y, deviation);
      run("multiply", y, y, gamma);
      run("add", y, y, beta);
    }
  }

  /** Writes x - mean to {@code centred} and returns √(variance + eps), [R, 1]. */
  private static RawTensor centred(
      Nd4jKernels kernels, RawTensor x, double eps, RawTensor centred) {
    RawTensor mean = rowMean(kernels, x);
    run("subtract", centred, x, mean);
    return rootMeanSquare(kernels, centred, eps);
  }

  private static RawTensor rootMeanSquare(Nd4jKernels kernels, RawTensor x, double eps) {
    RawTensor squares = like(x);
    run("multiply", squares, x, x);
    RawTensor mean = rowMean(kernels, squares);
    kernels.affine(mean, 1, eps, mean);
    kernels.unary(Kernels.Unary.SQRT, mean, mean);
    return mean;
  }

  /** The mean of each row, [R, 1]. */
  private static RawTensor rowMean(Nd4jKernels kernels, RawTensor x) {
    RawTensor sum = column(x);
    kernels.sum(x, false, sum);
    kernels.affine(sum, 1.0 / x.dim(1), 0, sum);
    return PlainTensor.view(sum, 0, Shape.of(sum.size(), 1), ONE);
  }

  static void layerNormGradient(
      Nd4jKernels kernels, RawTensor x, RawTensor gamma, double eps, RawTensor g, RawTensor[] out) {
    try (Workspace workspace = Workspace.open()) {
      long rows = x.size() / x.dim(-1);
      RawTensor dy = flat(g, rows);
      RawTensor normal = like(dy);
      RawTensor deviation = centred(kernels, flat(x, rows), eps, normal);
      run("divide", normal, normal, deviation);
      RawTensor dx = flat(out[0], rows);
      scaledGradient(kernels, normal, gamma, dy, dx);
      RawTensor scaled = like(dy);
      run("multiply", scaled, dy, gamma);
      run("subtract", dx, dx, rowMean(kernels, scaled));
      run("divide", dx, dx, deviation);
      run("multiply", scaled, dy, normal);
      kernels.sum(scaled, true, out[1]);
      kernels.sum(dy, true, out[2]);
    }
  }

  static void rmsNorm(
      Nd4jKernels kernels, RawTensor x, RawTensor gamma, double eps, RawTensor out) {
    try (Workspace workspace = Workspace.open()) {
      long rows = x.size() / x.dim(-1);
      RawTensor y = flat(out, rows);
      run("divide", y, flat(x, rows), rootMeanSquare(kernels, flat(x, rows), eps));
      run("multiply", y, y, gamma);
    }
  }

  static void rmsNormGradient(
      Nd4jKernels kernels, RawTensor x, RawTensor gamma, double eps, RawTensor g, RawTensor[] out) {
    try (Workspace workspace = Workspace.open()) {
      long rows = x.size() / x.dim(-1);
      RawTensor dy = flat(g, rows);
      RawTensor root = rootMeanSquare(kernels, flat(x, rows), eps);
      RawTensor normal = like(dy);
      run("divide", normal, flat(x, rows), root);
      RawTensor dx = flat(out[0], rows);
      scaledGradient(kernels, normal, gamma, dy, dx);
      run("divide", dx, dx, root);
      run("multiply", normal, dy, normal);
      kernels.sum(normal, true, out[1]);
    }
  }

  /** dx = γg - x̂ mean(γg x̂), the common part of both norms' gradients. */
  private static void scaledGradient(
      Nd4jKernels kernels, RawTensor normal, RawTensor gamma, RawTensor dy, RawTensor dx) {
    RawTensor scaled = like(dy);
    run("multiply", scaled, dy, gamma);
    RawTensor product = like(dy);
    run("multiply", product, scaled, normal);
    run("multiply", product, normal, rowMean(kernels, product));
    run("subtract", dx, scaled, product);
  }
}
