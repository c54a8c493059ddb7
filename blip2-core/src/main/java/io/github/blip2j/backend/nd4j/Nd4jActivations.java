package io.github.blip2j.backend.nd4j;

import static io.github.blip2j.backend.nd4j.Nd4jKernels.like;
import static io.github.blip2j.backend.nd4j.Nd4jKernels.run;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.tensor.types.Activation;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Erf;
import org.nd4j.linalg.factory.Nd4j;

/** Activation functions, composed of exact ND4J operations. */
final class Nd4jActivations {
  private static final double SQRT_HALF = Math.sqrt(0.5);
  private static final double SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
  private static final double CUBIC = 0.044715;
  private static final double QUICK = 1.702;

  private Nd4jActivations() {}

  static void forward(Nd4jKernels kernels, Activation activation, RawTensor x, RawTensor out) {
    if (x.size() == 0) {
      return;
    }
    switch (activation) {
      case IDENTITY -> {
        if (x.address() != out.address()) {
          kernels.copy(x, out);
        }
      }
      case RELU -> relu(x, out);
      case GELU, GELU_TANH, QUICK_GELU, SILU -> {
        try (Workspace workspace = Workspace.open()) {
          run("multiply", out, x, gate(kernels, activation, x));
        }
      }
    }
  }

  /** The factor of x: the gate in f(x) = x gate(x). */
  private static RawTensor gate(Nd4jKernels kernels, Activation activation, RawTensor x) {
    RawTensor gate = like(x);
    switch (activation) {
      case GELU -> {
        kernels.affine(x, SQRT_HALF, 0, gate);
        Nd4j.exec(new Erf(Nd4jArrays.of(gate), Nd4jArrays.of(gate)));
        kernels.affine(gate, 0.5, 0.5, gate);
      }
      case GELU_TANH -> {
        run("multiply", gate, x, x);
        kernels.affine(gate, SQRT_2_OVER_PI * CUBIC, SQRT_2_OVER_PI, gate);
        run("multiply", gate, gate, x);
        kernels.unary(Kernels.Unary.TANH, gate, gate);
        kernels.affine(gate, 0.5, 0.5, gate);
      }
      case QUICK_GELU -> sigmoid(kernels, x, QUICK, gate);
      case SILU -> sigmoid(kernels, x, 1, gate);
      case IDENTITY, RELU -> throw new AssertionError(activation);
    }
    return gate;
  }

  /** σ(s x) = (1 + tanh(s x / 2)) / 2, because ND4J's tanh is the faster one. */
  private static void sigmoid(Nd4jKernels kernels, RawTensor x, double slope, RawTensor out) {
    kernels.affine(x, slope / 2, 0, out);
    kernels.unary(Kernels.Unary.TANH, out, out);
    kernels.affine(out, 0.5, 0.5, out);
  }

  private static void relu(RawTensor x, RawTensor out) {
    var op =
        org.nd4j.linalg.api.ops.DynamicCustomOp.builder("relu")
            .addInputs(Nd4jArrays.of(x))
            .addOutputs(Nd4jArrays.of(out))
            .addFloatingPointArguments(0.0)
            .build();
    Nd4j.exec(op);
  }

  static void gradient(
      Nd4jKernels kernels, Activation activation, RawTensor x, RawTensor g, RawTensor dx) {
    if (x.size() == 0) {
      return;
    }
    try (Workspace workspace = Workspace.open()) {
      if (activation == Activation.IDENTITY) {
        kernels.copy(g, dx);
      } else {
        RawTensor slope = activation == Activation.RELU ? step(x) : slope(kernels, activation, x);
        run("multiply", dx, g, slope);
      }
    }
  }

  /** 1 where x is positive, else 0: PyTorch's choice of the subgradient at 0. */
  private static RawTensor step(RawTensor x) {
    RawTensor step = like(x);
    Nd4j.exec(
        new org.nd4j.linalg.api.ops.impl.scalar.Step(Nd4jArrays.of(x), Nd4jArrays.of(step), 0.0));
    return step;
  }

  /** f'(x) = gate(x) + x gate'(x). */
  private static RawTensor slope(Nd4jKernels kernels, Activation activation, RawTensor x) {
    RawTensor gate = gate(kernels, activation, x);
    RawTensor gateSlope = like(x);
    if (activation == Activation.GELU) {
      // gate' = e^(-x²/2) / √(2π)
      run("multiply", gateSlope, x, x);
      kernels.affine(gateSlope, -0.5, 0, gateSlope);
      kernels.unary(Kernels.Unary.EXP, gateSlope, gateSlope);
      kernels.affine(gateSlope, 1 / Math.sqrt(2 * Math.PI), 0, gateSlope);
    } else {
      // gate = (1 + tanh u) / 2, so gate' = 2 gate (1 - gate) u'
      kernels.affine(gate, -2, 2, gateSlope);
      run("multiply", gateSlope, gateSlope, gate);
      switch (activation) {
        case QUICK_GELU -> kernels.affine(gateSlope, QUICK / 2, 0, gateSlope);
        case SILU -> kernels.affine(gateSlope, 0.5, 0, gateSlope);
        case GELU_TANH -> {
          RawTensor inner = like(x);
          run("multiply", inner, x, x);
          kernels.affine(inner, 3 * CUBIC * SQRT_2_OVER_PI, SQRT_2_OVER_PI, inner);
          run("multiply", gateSlope, gateSlope, inner);
        }
        case IDENTITY, RELU, GELU -> throw new AssertionError(activation);
      }
    }
    run("multiply", gateSlope, gateSlope, x);
    run("add", gate, gate, gateSlope);
    return gate;
  }
}
