package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.Natives;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Shape;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The reference kernels, on any ND4J backend that computes in this machine's memory.
 *
 * <p>ND4J's own operations are used where they are correct and fast. Measurements excluded some:
 * its {@code GELU} is the sigmoid approximation, its {@code layer_norm} has no epsilon, its float
 * sums lose up to 16 % over long rows, and allocating results costs more than computing them. Sums
 * are therefore products with ones, norms and GELU are composed, and every operation writes to
 * existing memory.
 */
final class Nd4jKernels implements Kernels {
  static {
    Natives.prepare();
  }

  Nd4jKernels() {}

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public void linear(
      RawTensor x,
      RawTensor weight,
      @Nullable RawTensor bias,
      Activation activation,
      @Nullable RawTensor residual,
      RawTensor out) {
    long rows = x.size() / x.dim(-1);
    if (residual != null && residual.hostAddress() == out.hostAddress()) {
      try (Workspace workspace = Workspace.open()) {
        RawTensor product = like(out);
        linear(x, weight, bias, activation, null, product);
        binary(Binary.ADD, product, residual, out);
      }
      return;
    }
    RawTensor y = flat(out, rows);
    try (Workspace workspace = Workspace.open()) {
      RawTensor w = PlainTensor.cast(this, weight, out.dtype());
      Nd4jMatrix.timesTransposed(flat(PlainTensor.cast(this, x, out.dtype()), rows), w, y);
    }
    if (bias != null) {
      run("add", y, y, bias);
    }
    if (activation != Activation.IDENTITY) {
      activation(activation, y, y);
    }
    if (residual != null) {
      run("add", y, y, flat(residual, rows));
    }
  }

  @Override
  public void matmul(RawTensor a, RawTensor b, RawTensor out) {
    try (Workspace workspace = Workspace.open()) {
      RawTensor left = PlainTensor.cast(this, a, out.dtype());
      Nd4jMatrix.product(left, PlainTensor.cast(this, b, out.dtype()), out);
    }
  }

  @Override
  public void maxSimilarity(RawTensor rows, RawTensor x, RawTensor out) {
    MaxSimilarityLoops.run(rows, x, out);
  }

  @Override
  public void attention(
      RawTensor q,
      RawTensor k,
      RawTensor v,
      double scale,
      @Nullable RawTensor mask,
      @Nullable DropoutSpec dropout,
      @Nullable RawTensor weights,
      RawTensor out) {
    if (out.dtype() != DType.BFLOAT16) {
      Nd4jAttention.forward(this, q, k, v, scale, mask, dropout, weights, out);
      return;
    }
    try (Workspace workspace = Workspace.open()) {
      RawTensor wide = PlainTensor.uninitialized(out, "attention", DType.FLOAT32, out.shape());
      Nd4jAttention.forward(this, wide(q), wide(k), wide(v), scale, mask, dropout, weights, wide);
      copy(wide, out);
    }
  }

  private RawTensor wide(RawTensor x) {
    return PlainTensor.cast(this, x, DType.FLOAT32);
  }

  @Override
  public void attentionGradient(
      RawTensor q,
      RawTensor k,
      RawTensor v,
      double scale,
      RawTensor weights,
      @Nullable DropoutSpec dropout,
      RawTensor g,
      RawTensor[] dqkv) {
    Nd4jAttention.gradient(this, q, k, v, scale, weights, dropout, g, dqkv);
  }

  @Override
  public void layerNorm(RawTensor x, RawTensor gamma, RawTensor beta, double eps, RawTensor out) {
    Nd4jNorms.layerNorm(this, x, gamma, beta, eps, out);
  }

  @Override
  public void layerNormGradient(
      RawTensor x, RawTensor gamma, double eps, RawTensor g, RawTensor[] dxGammaBeta) {
    Nd4jNorms.layerNormGradient(this, x, gamma, eps, g, dxGammaBeta);
  }

  @Override
  public void rmsNorm(RawTensor x, RawTensor gamma, double eps, RawTensor out) {
    Nd4jNorms.rmsNorm(this, x, gamma, eps, out);
  }

  @Override
  public void rmsNormGradient(
      RawTensor x, RawTensor gamma, double eps, RawTensor g, RawTensor[] dxGamma) {
    Nd4jNorms.rmsNormGradient(this, x, gamma, eps, g, dxGamma);
  }

  @Override
  public void softmax(RawTensor x, RawTensor out) {
    // Rank 3, last axis: in the oneDNN builds rank 4 on another axis is wrong, and rank 2 slow.
    long[] dims = cube(x);
    DynamicCustomOp op =
        DynamicCustomOp.builder("softmax")
            .addInputs(Nd4jArrays.of(view(x, dims)))
            .addOutputs(Nd4jArrays.of(view(out, dims)))
            .addIntegerArguments(2)
            .build();
    Nd4j.exec(op);
  }

  @Override
  public void softmaxGradient(RawTensor y, RawTensor g, RawTensor dx) {
    try (Workspace workspace = Workspace.open()) {
      binary(Binary.MULTIPLY, g, y, dx);
      RawTensor total = column(dx);
      sum(flat(dx, total.size()), false, total);
      RawTensor shifted = like(g);
      long rows = total.size();
      run(
          "subtract",
          flat(shifted, rows),
          flat(g, rows),
          PlainTensor.view(total, 0, Shape.of(rows, 1), ONE));
      binary(Binary.MULTIPLY, shifted, y, dx);
    }
  }

  @Override
  public void logSoftmax(RawTensor x, RawTensor out) {
    try (Workspace workspace = Workspace.open()) {
      long rows = x.size() / x.dim(-1);
      RawTensor column = view(column(x), rows, 1);
      RawTensor y = flat(out, rows);
      reduce("reduce_max", flat(x, rows), column);
      run("subtract", y, flat(x, rows), column);
      RawTensor e = like(y);
      unary(Unary.EXP, y, e);
      RawTensor total = column(x);
      sum(e, false, total);
      unary(Unary.LOG, total, total);
      run("subtract", y, y, PlainTensor.view(total, 0, Shape.of(rows, 1), ONE));
    }
  }

  @Override
  public void logSoftmaxGradient(RawTensor y, RawTensor g, RawTensor dx) {
    try (Workspace workspace = Workspace.open()) {
      long rows = y.size() / y.dim(-1);
      RawTensor total = column(g);
      sum(flat(g, rows), false, total);
      RawTensor p = like(y);
      unary(Unary.EXP, y, p);
      run(
          "multiply",
          flat(p, rows),
          flat(p, rows),
          PlainTensor.view(total, 0, Shape.of(rows, 1), ONE));
      binary(Binary.SUBTRACT, g, p, dx);
    }
  }

  @Override
  public void activation(Activation activation, RawTensor x, RawTensor out) {
    Nd4jActivations.forward(this, activation, x, out);
  }

  @Override
  public void activationGradient(Activation activation, RawTensor x, RawTensor g, RawTensor dx) {
    Nd4jActivations.gradient(this, activation, x, g, dx);
  }

  @Override
  public void binary(Binary op, RawTensor a, RawTensor b, RawTensor out) {
    String name =
        switch (op) {
          case ADD -> "add";
          case SUBTRACT -> "subtract";
          case MULTIPLY -> "multiply";
          case DIVIDE -> "divide";
        };
    run(name, out, a, b);
  }

  @Override
  public void unary(Unary op, RawTensor x, RawTensor out) {
    if (op == Unary.TANH) {
      run("tanh", out, x); // the custom operation goes through oneDNN, thirty times faster
      return;
    }
    INDArray source = Nd4jArrays.of(x);
    INDArray target = Nd4jArrays.of(out);
    switch (op) {
      case EXP -> Nd4j.exec(new org.nd4j.linalg.api.ops.impl.transforms.strict.Exp(source, target));
      case LOG -> Nd4j.exec(new org.nd4j.linalg.api.ops.impl.transforms.strict.Log(source, target));
      case SQRT ->
          Nd4j.exec(new org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt(source, target));
      case SIGN -> Nd4j.exec(new org.nd4j.linalg.api.ops.impl.transforms.same.Sign(source, target));
      case TANH -> throw new AssertionError();
    }
  }

  @Override
  public void affine(RawTensor x, double scale, double shift, RawTensor out) {
    if (Double.isNaN(scale) || Double.isNaN(shift)) {
      fill(out, Double.NaN); // ND4J computes with 1e-5 instead
      return;
    }
    INDArray target = Nd4jArrays.of(out);
    if (scale == 1) {
      Nd4jArrays.of(x).addi(shift, target);
      return;
    }
    Nd4jArrays.of(x).muli(scale, target);
    if (shift != 0) {
      target.addi(shift);
    }
  }

  @Override
  public void sum(RawTensor x, boolean overRows, RawTensor out) {
    if (x.size() == 0) {
      fill(out, 0); // the sum of no columns is 0
    } else if (overRows) {
      Nd4jSums.overRows(x, out);
    } else {
      Nd4jSums.ofRows(x, out);
    }
  }

  @Override
  public void gather(RawTensor table, RawTensor ids, RawTensor out) {
    Nd4jLookup.gather(this, table, ids, out);
  }

  @Override
  public void scatterAdd(RawTensor table, RawTensor ids, RawTensor g) {
    Nd4jLookup.scatterAdd(table, ids, g);
  }

  @Override
  public void crossEntropy(RawTensor logits, RawTensor labels, double smoothing, RawTensor out) {
    Nd4jLookup.crossEntropy(this, logits, labels, smoothing, out);
  }

  @Override
  public void crossEntropyGradient(
      RawTensor logits, RawTensor labels, double smoothing, RawTensor g, RawTensor dlogits) {
    Nd4jLookup.crossEntropyGradient(this, logits, labels, smoothing, g, dlogits);
  }

  @Override
  public void copy(RawTensor source, RawTensor target) {
    Nd4jArrays.of(target).assign(Nd4jArrays.of(source));
  }

  @Override
  public void fill(RawTensor target, double value) {
    if (target.size() > 0) {
      Nd4jArrays.of(target).assign(value);
    }
  }

  @Override
  public void dropout(RawTensor x, DropoutSpec dropout, RawTensor out) {
    new DropoutMask(dropout).apply(x, out);
  }

  @Override
  public void adamW(
      AdamWRule rule, AdamWRule.Step step, RawTensor x, RawTensor g, RawTensor m, RawTensor v) {
    FloatLoops.adamW(rule, step, x, g, m, v);
  }

  @Override
  public double squaredNorm(RawTensor x) {
    return FloatLoops.squaredNorm(x);
  }

  // ---- shared by the parts of this provider

  static final long[] ONE = {1, 1};

  static void run(String name, RawTensor out, RawTensor... inputs) {
    INDArray[] arrays = new INDArray[inputs.length];
    for (int i = 0; i < arrays.length; i++) {
      arrays[i] = Nd4jArrays.of(inputs[i]);
    }
    Nd4j.exec(new DynamicCustomOp(name, arrays, new INDArray[] {Nd4jArrays.of(out)}));
  }

  static void reduce(String name, RawTensor x, RawTensor out) {
    DynamicCustomOp op =
        DynamicCustomOp.builder(name)
            .addInputs(Nd4jArrays.of(x))
            .addOutputs(Nd4jArrays.of(out))
            .addBooleanArguments(true)
            .addIntegerArguments(1)
            .build();
    Nd4j.exec(op);
  }

  static RawTensor like(RawTensor x) {
    return PlainTensor.like("temporary", x);
  }

  /** A column vector: one number for each row of the last axis. */
  static RawTensor column(RawTensor x) {
    long rows = x.size() / x.dim(-1);
    return PlainTensor.uninitialized(x, "temporary", x.dtype(), Shape.of(rows));
  }

  static RawTensor flat(RawTensor dense, long rows) {
    long columns = dense.size() / rows;
    return view(dense, rows, columns);
  }

  static RawTensor view(RawTensor dense, long... dims) {
    return PlainTensor.reshaped(dense, dims);
  }

  private static long[] cube(RawTensor x) {
    long columns = x.rank() == 0 ? 1 : x.dim(-1);
    long middle = x.rank() < 2 ? 1 : x.dim(-2);
    return new long[] {x.size() / columns / middle, middle, columns};
  }
}
