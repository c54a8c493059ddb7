package io.github.blip2j.tensor;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Every kernel on any ND4J backend: the reference.
 *
 * <p>ND4J's own operations are used where they are right and fast, and avoided where measurement
 * says otherwise: its {@code GELU} is the sigmoid approximation, its {@code layer_norm} has no
 * epsilon, its float sums lose up to 16 % over long rows, and its fresh results cost more than the
 * arithmetic in them. Sums are therefore products with ones, norms and GELU are composed, and every
 * operation writes to memory that is already there.
 */
final class Nd4jKernels implements Kernels {
  static final Nd4jKernels INSTANCE = new Nd4jKernels();

  static {
    Natives.prepare();
  }

  private Nd4jKernels() {}

  /** Always there, always last. */
  static final class Nd4jProvider implements Provider {
    @Override
    public String name() {
      return "nd4j";
    }

    @Override
    public Support support() {
      Natives.prepare();
      String build = System.getProperty("org.bytedeco.javacpp.platform.extension", "");
      return new Support(1, "the reference, ND4J build " + (build.isEmpty() ? "plain" : build));
    }

    @Override
    public Kernels create() {
      return INSTANCE;
    }
  }

  @Override
  public String name() {
    return "nd4j";
  }

  @Override
  public void linear(
      Tensor x,
      Tensor weight,
      @Nullable Tensor bias,
      Activation activation,
      @Nullable Tensor residual,
      Tensor out) {
    long rows = x.size() / x.dim(-1);
    if (residual != null && residual.address() == out.address()) {
      try (Scope scope = Scope.open()) {
        Tensor product = like(out);
        linear(x, weight, bias, activation, null, product);
        binary(Binary.ADD, product, residual, out);
      }
      return;
    }
    Tensor y = flat(out, rows);
    try (Scope scope = Scope.open()) {
      Tensor w = ShapeOps.plain(weight).to(out.dtype());
      Nd4jMatrix.timesTransposed(flat(x.to(out.dtype()), rows), w, y);
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
  public void matmul(Tensor a, Tensor b, Tensor out) {
    try (Scope scope = Scope.open()) {
      Nd4jMatrix.product(a.to(out.dtype()), b.to(out.dtype()), out);
    }
  }

  @Override
  public void attention(
      Tensor q,
      Tensor k,
      Tensor v,
      double scale,
      @Nullable Tensor mask,
      @Nullable Thinning thinning,
      @Nullable Tensor weights,
      Tensor out) {
    if (out.dtype() != DType.BFLOAT16) {
      Nd4jAttention.forward(this, q, k, v, scale, mask, thinning, weights, out);
      return;
    }
    try (Scope scope = Scope.open()) {
      Tensor wide = Tensor.uninitialized("attention", DType.FLOAT32, out.shape());
      DType type = wide.dtype();
      Nd4jAttention.forward(
          this, q.to(type), k.to(type), v.to(type), scale, mask, thinning, weights, wide);
      copy(wide, out);
    }
  }

  @Override
  public void attentionGradient(
      Tensor q,
      Tensor k,
      Tensor v,
      double scale,
      Tensor weights,
      @Nullable Thinning thinning,
      Tensor g,
      Tensor[] dqkv) {
    Nd4jAttention.gradient(this, q, k, v, scale, weights, thinning, g, dqkv);
  }

  @Override
  public void layerNorm(Tensor x, Tensor gamma, Tensor beta, double eps, Tensor out) {
    Nd4jNorms.layerNorm(this, x, gamma, beta, eps, out);
  }

  @Override
  public void layerNormGradient(
      Tensor x, Tensor gamma, double eps, Tensor g, Tensor[] dxGammaBeta) {
    Nd4jNorms.layerNormGradient(this, x, gamma, eps, g, dxGammaBeta);
  }

  @Override
  public void rmsNorm(Tensor x, Tensor gamma, double eps, Tensor out) {
    Nd4jNorms.rmsNorm(this, x, gamma, eps, out);
  }

  @Override
  public void rmsNormGradient(Tensor x, Tensor gamma, double eps, Tensor g, Tensor[] dxGamma) {
    Nd4jNorms.rmsNormGradient(this, x, gamma, eps, g, dxGamma);
  }

  @Override
  public void softmax(Tensor x, Tensor out) {
    // Rank 3, last axis: rank 4 on another axis is wrong in the oneDNN builds, rank 2 slow.
    long[] dims = cube(x);
    DynamicCustomOp op =
        DynamicCustomOp.builder("softmax")
            .addInputs(view(x, dims).array())
            .addOutputs(view(out, dims).array())
            .addIntegerArguments(2)
            .build();
    Nd4j.exec(op);
  }

  @Override
  public void softmaxGradient(Tensor y, Tensor g, Tensor dx) {
    try (Scope scope = Scope.open()) {
      binary(Binary.MULTIPLY, g, y, dx);
      Tensor total = column(dx);
      sum(flat(dx, total.size()), false, total);
      Tensor shifted = like(g);
      long rows = total.size();
      run("subtract", flat(shifted, rows), flat(g, rows), total.view(0, Shape.of(rows, 1), ONE));
      binary(Binary.MULTIPLY, shifted, y, dx);
    }
  }

  @Override
  public void logSoftmax(Tensor x, Tensor out) {
    try (Scope scope = Scope.open()) {
      long rows = x.size() / x.dim(-1);
      Tensor column = column(x).view(0, Shape.of(rows, 1), ONE);
      Tensor y = flat(out, rows);
      reduce("reduce_max", flat(x, rows), column);
      run("subtract", y, flat(x, rows), column);
      Tensor e = like(y);
      unary(Unary.EXP, y, e);
      Tensor total = column(x);
      sum(e, false, total);
      unary(Unary.LOG, total, total);
      run("subtract", y, y, total.view(0, Shape.of(rows, 1), ONE));
    }
  }

  @Override
  public void logSoftmaxGradient(Tensor y, Tensor g, Tensor dx) {
    try (Scope scope = Scope.open()) {
      long rows = y.size() / y.dim(-1);
      Tensor total = column(g);
      sum(flat(g, rows), false, total);
      Tensor p = like(y);
      unary(Unary.EXP, y, p);
      run("multiply", flat(p, rows), flat(p, rows), total.view(0, Shape.of(rows, 1), ONE));
      binary(Binary.SUBTRACT, g, p, dx);
    }
  }

  @Override
  public void activation(Activation activation, Tensor x, Tensor out) {
    Nd4jActivations.forward(this, activation, x, out);
  }

  @Override
  public void activationGradient(Activation activation, Tensor x, Tensor g, Tensor dx) {
    Nd4jActivations.gradient(this, activation, x, g, dx);
  }

  @Override
  public void binary(Binary op, Tensor a, Tensor b, Tensor out) {
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
  public void unary(Unary op, Tensor x, Tensor out) {
    if (op == Unary.TANH) {
      run("tanh", out, x); // the custom operation goes through oneDNN, thirty times faster
      return;
    }
    INDArray source = x.array();
    INDArray target = out.array();
    switch (op) {
      case EXP -> Nd4j.exec(new org.nd4j.linalg.api.ops.impl.transforms.strict.Exp(source, target));
      case LOG -> Nd4j.exec(new org.nd4j.linalg.api.ops.impl.transforms.strict.Log(source, target));
      case SQRT ->
          Nd4j.exec(new org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt(source, target));
      case TANH -> throw new AssertionError();
    }
  }

  @Override
  public void affine(Tensor x, double scale, double shift, Tensor out) {
    if (Double.isNaN(scale) || Double.isNaN(shift)) {
      fill(out, Double.NaN); // ND4J computes with 1e-5 instead
      return;
    }
    INDArray target = out.array();
    if (scale == 1) {
      x.array().addi(shift, target);
      return;
    }
    x.array().muli(scale, target);
    if (shift != 0) {
      target.addi(shift);
    }
  }

  @Override
  public void sum(Tensor x, boolean overRows, Tensor out) {
    if (x.size() == 0) {
      fill(out, 0); // the one kernel for which nothing is something
    } else if (overRows) {
      Nd4jSums.overRows(x, out);
    } else {
      Nd4jSums.ofRows(x, out);
    }
  }

  @Override
  public void gather(Tensor table, Tensor ids, Tensor out) {
    Nd4jLookup.gather(this, table, ids, out);
  }

  @Override
  public void scatterAdd(Tensor table, Tensor ids, Tensor g) {
    Nd4jLookup.scatterAdd(table, ids, g);
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor labels, double smoothing, Tensor out) {
    Nd4jLookup.crossEntropy(this, logits, labels, smoothing, out);
  }

  @Override
  public void crossEntropyGradient(
      Tensor logits, Tensor labels, double smoothing, Tensor g, Tensor dlogits) {
    Nd4jLookup.crossEntropyGradient(this, logits, labels, smoothing, g, dlogits);
  }

  @Override
  public void copy(Tensor source, Tensor target) {
    target.array().assign(source.array());
  }

  @Override
  public void fill(Tensor target, double value) {
    if (target.size() > 0) {
      target.array().assign(value);
    }
  }

  @Override
  public void dropout(Tensor x, Thinning thinning, Tensor out) {
    new DropoutMask(thinning).apply(x, out);
  }

  @Override
  public void adamW(AdamWRule rule, AdamWRule.Step step, Tensor x, Tensor g, Tensor m, Tensor v) {
    FloatLoops.adamW(rule, step, x, g, m, v);
  }

  @Override
  public double squaredNorm(Tensor x) {
    return FloatLoops.squaredNorm(x);
  }

  // ---- shared by the parts of this provider

  static final long[] ONE = {1, 1};

  static void run(String name, Tensor out, Tensor... inputs) {
    INDArray[] arrays = new INDArray[inputs.length];
    for (int i = 0; i < arrays.length; i++) {
      arrays[i] = inputs[i].array();
    }
    Nd4j.exec(new DynamicCustomOp(name, arrays, new INDArray[] {out.array()}));
  }

  static void reduce(String name, Tensor x, Tensor out) {
    DynamicCustomOp op =
        DynamicCustomOp.builder(name)
            .addInputs(x.array())
            .addOutputs(out.array())
            .addBooleanArguments(true)
            .addIntegerArguments(1)
            .build();
    Nd4j.exec(op);
  }

  static Tensor like(Tensor x) {
    return Tensor.uninitialized("temporary", x.dtype(), x.shape());
  }

  /** One number for each row of the last axis. */
  static Tensor column(Tensor x) {
    long rows = x.size() / x.dim(-1);
    return Tensor.uninitialized("temporary", x.dtype(), Shape.of(rows));
  }

  static Tensor flat(Tensor dense, long rows) {
    long columns = dense.size() / rows;
    return view(dense, rows, columns);
  }

  static Tensor view(Tensor dense, long... dims) {
    Shape shape = Shape.of(dims);
    return dense.view(0, shape, Layout.denseStrides(shape));
  }

  private static long[] cube(Tensor x) {
    long columns = x.rank() == 0 ? 1 : x.dim(-1);
    long middle = x.rank() < 2 ? 1 : x.dim(-2);
    return new long[] {x.size() / columns / middle, middle, columns};
  }
}
