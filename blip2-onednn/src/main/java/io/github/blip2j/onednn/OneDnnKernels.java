package io.github.blip2j.onednn;

import io.github.blip2j.tensor.Activation;
import io.github.blip2j.tensor.AdamWRule;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Kernels;
import io.github.blip2j.tensor.LinearMap;
import io.github.blip2j.tensor.Packing;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.Thinning;
import java.util.List;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.jspecify.annotations.Nullable;

/**
 * Kernels on oneDNN: each operation one primitive, or few, on memory that is already there.
 *
 * <p>Everything is float32 here, but for what products read where the CPU multiplies bfloat16. What
 * comes in float64, which gradient checks compute in, or lies as no primitive reads it, goes to the
 * reference as it is.
 */
final class OneDnnKernels implements Kernels {
  private final Kernels reference = Kernels.reference();
  private final engine processor = new engine(engine.kind.cpu, 0);
  private final Team team = new Team(); // after the engine, which loads the library
  private final CallPool calls = new CallPool(processor, team);
  private final Cpu cpu;
  private final Linears linears;
  private final Products products = new Products(calls);
  private final Norms norms = new Norms(calls);
  private final Elements elements = new Elements(calls);
  private final Copies copies;
  private final Attentions attentions = new Attentions(products, norms, elements, reference);
  private final Lookups lookups;
  private final Sums sums = new Sums(products);

  /** Kernels for a CPU, which this one must be able to pass for. */
  OneDnnKernels(Cpu cpu) {
    this.cpu = cpu;
    this.linears = new Linears(calls, cpu);
    this.copies = new Copies(calls, cpu, reference);
    this.lookups = new Lookups(norms, elements, copies);
  }

  @Override
  public String name() {
    return "onednn";
  }

  /** How many kernels are ready while none runs. */
  int ready() {
    return calls.ready();
  }

  /** How many caches of kernels there are. */
  int caches() {
    return calls.size();
  }

  @Override
  public @Nullable Packing pack(Tensor weight, Precision precision, Packing.Use use) {
    return linears.pack(weight, precision, use);
  }

  @Override
  public boolean gainsBy(Precision precision) {
    return precision == Precision.BFLOAT16 && cpu.bfloat16();
  }

  /** Whether factors must be widened, for oneDNN would multiply them by its plain loops. */
  private boolean isTooNarrow(Tensor factor) {
    return factor.dtype() == DType.BFLOAT16 && !cpu.bfloat16();
  }

  @Override
  public void linear(
      Tensor x,
      Tensor weight,
      @Nullable Tensor bias,
      Activation activation,
      @Nullable Tensor residual,
      Tensor out) {
    if (isTooNarrow(x)) {
      try (Scope scope = Scope.open()) {
        Tensor wide = weight.to(DType.FLOAT32);
        linear(x.to(DType.FLOAT32), wide, bias, activation, residual, out);
      }
      return;
    }
    if (out.dtype() != DType.FLOAT64 && Linears.fits(weight)) {
      linears.run(x, weight, bias, activation, residual, out);
    } else {
      reference.linear(x, weight, bias, activation, residual, out);
    }
  }

  @Override
  public void linears(Tensor x, List<LinearMap> maps, List<Tensor> outs) {
    boolean ours = maps.stream().allMatch(map -> Linears.fits(map.weight()));
    if (x.dtype() != DType.FLOAT64 && ours) {
      linears.run(x, maps, outs);
    } else {
      Kernels.super.linears(x, maps, outs);
    }
  }

  @Override
  public void matmul(Tensor a, Tensor b, Tensor out) {
    if (isTooNarrow(a)) {
      try (Scope scope = Scope.open()) {
        matmul(a.to(DType.FLOAT32), b.to(DType.FLOAT32), out);
      }
      return;
    }
    Layout left = Layout.of(a).unrepeated();
    Layout right = Layout.of(b).unrepeated();
    Layout result = Layout.of(out);
    if (isFloat(out) && Products.fits(left, right, result)) {
      products.run(
          new Products.Place(left, a.address()),
          new Products.Place(right, b.address()),
          new Products.Place(result, out.address()));
    } else {
      reference.matmul(a, b, out);
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
    if (out.dtype() != DType.FLOAT64 && out.size() > 0 && !isTooNarrow(q)) {
      attentions.forward(q, k, v, scale, mask, thinning, weights, out);
    } else {
      reference.attention(q, k, v, scale, mask, thinning, weights, out);
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
    if (isFloat(g)) {
      attentions.gradient(q, k, v, scale, weights, thinning, g, dqkv);
    } else {
      reference.attentionGradient(q, k, v, scale, weights, thinning, g, dqkv);
    }
  }

  @Override
  public void layerNorm(Tensor x, Tensor gamma, Tensor beta, double eps, Tensor out) {
    if (isFloat(x)) {
      norms.layerNorm(x, gamma, beta, eps, out);
    } else {
      reference.layerNorm(x, gamma, beta, eps, out);
    }
  }

  @Override
  public void layerNormGradient(
      Tensor x, Tensor gamma, double eps, Tensor g, Tensor[] dxGammaBeta) {
    if (isFloat(x)) {
      norms.layerNormGradient(x, gamma, eps, g, dxGammaBeta);
    } else {
      reference.layerNormGradient(x, gamma, eps, g, dxGammaBeta);
    }
  }

  @Override
  public void rmsNorm(Tensor x, Tensor gamma, double eps, Tensor out) {
    if (isFloat(x)) {
      norms.rmsNorm(x, gamma, eps, out);
    } else {
      reference.rmsNorm(x, gamma, eps, out);
    }
  }

  @Override
  public void rmsNormGradient(Tensor x, Tensor gamma, double eps, Tensor g, Tensor[] dxGamma) {
    reference.rmsNormGradient(x, gamma, eps, g, dxGamma); // oneDNN has none
  }

  @Override
  public void softmax(Tensor x, Tensor out) {
    if (isFloat(x)) {
      norms.softmax(x, out);
    } else {
      reference.softmax(x, out);
    }
  }

  @Override
  public void softmaxGradient(Tensor y, Tensor g, Tensor dx) {
    if (isFloat(y)) {
      norms.softmaxGradient(y, g, dx);
    } else {
      reference.softmaxGradient(y, g, dx);
    }
  }

  @Override
  public void logSoftmax(Tensor x, Tensor out) {
    if (isFloat(x)) {
      norms.logSoftmax(x, out);
    } else {
      reference.logSoftmax(x, out);
    }
  }

  @Override
  public void logSoftmaxGradient(Tensor y, Tensor g, Tensor dx) {
    if (isFloat(y)) {
      norms.logSoftmaxGradient(y, g, dx);
    } else {
      reference.logSoftmaxGradient(y, g, dx);
    }
  }

  @Override
  public void activation(Activation activation, Tensor x, Tensor out) {
    if (isFloat(x)) {
      elements.activation(activation, x, out);
    } else {
      reference.activation(activation, x, out);
    }
  }

  @Override
  public void activationGradient(Activation activation, Tensor x, Tensor g, Tensor dx) {
    if (isFloat(x)) {
      elements.activationGradient(activation, x, g, dx);
    } else {
      reference.activationGradient(activation, x, g, dx);
    }
  }

  @Override
  public void binary(Binary op, Tensor a, Tensor b, Tensor out) {
    boolean turned = !a.shape().equals(out.shape()) && b.shape().equals(out.shape());
    boolean commutes = op == Binary.ADD || op == Binary.MULTIPLY;
    boolean left = a.shape().equals(out.shape()) || (turned && commutes);
    if (isFloat(out) && left && out.rank() > 0) {
      elements.binary(algorithm(op), turned ? b : a, turned ? a : b, out);
    } else {
      reference.binary(op, a, b, out);
    }
  }

  private static algorithm algorithm(Binary op) {
    return switch (op) {
      case ADD -> algorithm.binary_add;
      case SUBTRACT -> algorithm.binary_sub;
      case MULTIPLY -> algorithm.binary_mul;
      case DIVIDE -> algorithm.binary_div;
    };
  }

  @Override
  public void unary(Unary op, Tensor x, Tensor out) {
    if (!isFloat(x) || op == Unary.LOG) { // oneDNN's logarithm loses two digits near 1
      reference.unary(op, x, out);
      return;
    }
    algorithm f =
        switch (op) {
          case EXP -> algorithm.eltwise_exp;
          case LOG -> throw new AssertionError(op);
          case SQRT -> algorithm.eltwise_sqrt;
          case TANH -> algorithm.eltwise_tanh;
        };
    elements.function(f, 0, 0, x, out);
  }

  @Override
  public void affine(Tensor x, double scale, double shift, Tensor out) {
    if (isFloat(x)) {
      elements.function(algorithm.eltwise_linear, (float) scale, (float) shift, x, out);
    } else {
      reference.affine(x, scale, shift, out);
    }
  }

  @Override
  public void sum(Tensor x, boolean overRows, Tensor out) {
    if (isFloat(x) && x.size() > 0) {
      sums.run(x, overRows, out);
    } else {
      reference.sum(x, overRows, out);
    }
  }

  @Override
  public void gather(Tensor table, Tensor ids, Tensor out) {
    lookups.gather(table, ids, out);
  }

  @Override
  public void scatterAdd(Tensor table, Tensor ids, Tensor g) {
    reference.scatterAdd(table, ids, g);
  }

  @Override
  public void crossEntropy(Tensor logits, Tensor labels, double smoothing, Tensor out) {
    if (isFloat(logits)) {
      lookups.crossEntropy(logits, labels, smoothing, out);
    } else {
      reference.crossEntropy(logits, labels, smoothing, out);
    }
  }

  @Override
  public void crossEntropyGradient(
      Tensor logits, Tensor labels, double smoothing, Tensor g, Tensor dlogits) {
    if (isFloat(logits)) {
      lookups.crossEntropyGradient(logits, labels, smoothing, g, dlogits);
    } else {
      reference.crossEntropyGradient(logits, labels, smoothing, g, dlogits);
    }
  }

  @Override
  public void copy(Tensor source, Tensor target) {
    copies.copy(source, target);
  }

  @Override
  public void fill(Tensor target, double value) {
    copies.fill(target, value);
  }

  @Override
  public void dropout(Tensor x, Thinning thinning, Tensor out) {
    reference.dropout(x, thinning, out); // oneDNN's would draw other masks
  }

  @Override
  public void adamW(AdamWRule rule, AdamWRule.Step step, Tensor x, Tensor g, Tensor m, Tensor v) {
    reference.adamW(rule, step, x, g, m, v); // bound by memory, which the reference reads once
  }

  @Override
  public double squaredNorm(Tensor x) {
    return reference.squaredNorm(x);
  }

  private static boolean isFloat(Tensor tensor) {
    return tensor.dtype() == DType.FLOAT32;
  }
}
