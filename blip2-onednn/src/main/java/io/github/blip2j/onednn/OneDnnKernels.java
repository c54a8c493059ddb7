package io.github.blip2j.onednn;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Affine;
import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.onednn.linear.LinearKernels;
import io.github.blip2j.onednn.linear.MatmulKernels;
import io.github.blip2j.onednn.linear.MaxSimilarityKernel;
import io.github.blip2j.onednn.primitive.CopyKernels;
import io.github.blip2j.onednn.primitive.Cpu;
import io.github.blip2j.onednn.primitive.ElementwiseKernels;
import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.onednn.primitive.NormKernels;
import io.github.blip2j.onednn.primitive.OpenMpThreads;
import io.github.blip2j.onednn.primitive.Place;
import io.github.blip2j.onednn.primitive.PrimitivePool;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Precision;
import java.util.List;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.jspecify.annotations.Nullable;

/**
 * Kernels on oneDNN: each operation is one primitive, or a few, on existing memory.
 *
 * <p>Computation is in float32, except for the inputs of products where the CPU multiplies
 * bfloat16. Float64 operands, which gradient checks use, and layouts that no primitive supports go
 * to the reference kernels.
 */
public final class OneDnnKernels implements Kernels {
  private final Kernels reference = Kernels.reference();
  private final engine processor = new engine(engine.kind.cpu, 0);
  private final OpenMpThreads team =
      new OpenMpThreads(); // after the engine, which loads the library
  private final PrimitivePool calls = new PrimitivePool(processor, team);
  private final Cpu cpu;
  private final LinearKernels linears;
  private final MatmulKernels products = new MatmulKernels(calls);
  private final MaxSimilarityKernel scans = new MaxSimilarityKernel(team);
  private final NormKernels norms = new NormKernels(calls);
  private final ElementwiseKernels elements = new ElementwiseKernels(calls);
  private final CopyKernels copies;
  private final AttentionKernels attentions;
  private final EmbeddingKernels lookups;
  private final ReductionKernels sums = new ReductionKernels(products);

  /** Kernels for a CPU; this machine must have all its features. */
  public OneDnnKernels(Cpu cpu) {
    this.cpu = cpu;
    this.copies = new CopyKernels(calls, cpu, reference);
    this.linears = new LinearKernels(calls, cpu, copies);
    this.attentions = new AttentionKernels(products, norms, elements, copies, reference);
    this.lookups = new EmbeddingKernels(norms, elements, copies, sums);
  }

  @Override
  public String name() {
    return "onednn";
  }

  /** The number of cached primitives while none runs. */
  int ready() {
    return calls.ready();
  }

  /** The number of primitive caches. */
  public int caches() {
    return calls.size();
  }

  @Override
  public @Nullable PackedWeight pack(RawTensor weight, Precision precision, PackedWeight.Use use) {
    return linears.pack(weight, precision, use);
  }

  @Override
  public boolean accelerates(Precision precision) {
    return precision == Precision.BFLOAT16 && cpu.bfloat16();
  }

  /**
   * Whether an operand must be widened, because oneDNN would multiply it in its reference loops.
   */
  private boolean isTooNarrow(RawTensor factor) {
    return factor.dtype() == DType.BFLOAT16 && !cpu.bfloat16();
  }

  private RawTensor wide(RawTensor factor) {
    return PlainTensor.cast(this, factor, DType.FLOAT32);
  }

  @Override
  public void linear(
      RawTensor x,
      RawTensor weight,
      @Nullable RawTensor bias,
      Activation activation,
      @Nullable RawTensor residual,
      RawTensor out) {
    if (isTooNarrow(x)) {
      try (Workspace workspace = Workspace.open()) {
        linear(wide(x), wide(weight), bias, activation, residual, out);
      }
      return;
    }
    if (out.dtype() != DType.FLOAT64 && LinearKernels.fits(weight)) {
      linears.run(x, weight, bias, activation, residual, out);
    } else {
      reference.linear(x, weight, bias, activation, residual, out);
    }
  }

  @Override
  public void linears(RawTensor x, List<Affine> maps, List<? extends RawTensor> outs) {
    boolean ours = maps.stream().allMatch(map -> LinearKernels.fits(map.weight()));
    if (x.dtype() != DType.FLOAT64 && ours) {
      linears.run(x, maps, outs);
    } else {
      Kernels.super.linears(x, maps, outs);
    }
  }

  @Override
  public void matmul(RawTensor a, RawTensor b, RawTensor out) {
    if (isTooNarrow(a)) {
      try (Workspace workspace = Workspace.open()) {
        matmul(wide(a), wide(b), out);
      }
      return;
    }
    Layout left = Layout.of(a).unrepeated();
    Layout right = Layout.of(b).unrepeated();
    Layout result = Layout.of(out);
    boolean misread = left.isMisread(false) || right.isMisread(true);
    if (isFloat(out) && !misread && MatmulKernels.fits(left, right, result)) {
      products.run(
          new Place(left, a.address()),
          new Place(right, b.address()),
          new Place(result, out.address()));
    } else {
      reference.matmul(a, b, out);
    }
  }

  @Override
  public void maxSimilarity(RawTensor rows, RawTensor x, RawTensor out) {
    scans.run(rows, x, out);
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
    if (out.dtype() != DType.FLOAT64 && out.size() > 0 && !isTooNarrow(q)) {
      attentions.forward(q, k, v, scale, mask, dropout, weights, out);
    } else {
      reference.attention(q, k, v, scale, mask, dropout, weights, out);
    }
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
    if (isFloat(g)) {
      attentions.gradient(q, k, v, scale, weights, dropout, g, dqkv);
    } else {
      reference.attentionGradient(q, k, v, scale, weights, dropout, g, dqkv);
    }
  }

  @Override
  public void layerNorm(RawTensor x, RawTensor gamma, RawTensor beta, double eps, RawTensor out) {
    if (isFloat(x)) {
      norms.layerNorm(x, gamma, beta, eps, out);
    } else {
      reference.layerNorm(x, gamma, beta, eps, out);
    }
  }

  @Override
  public void layerNormGradient(
      RawTensor x, RawTensor gamma, double eps, RawTensor g, RawTensor[] dxGammaBeta) {
    if (isFloat(x)) {
      norms.layerNormGradient(x, gamma, eps, g, dxGammaBeta);
    } else {
      reference.layerNormGradient(x, gamma, eps, g, dxGammaBeta);
    }
  }

  @Override
  public void rmsNorm(RawTensor x, RawTensor gamma, double eps, RawTensor out) {
    if (isFloat(x)) {
      norms.rmsNorm(x, gamma, eps, out);
    } else {
      reference.rmsNorm(x, gamma, eps, out);
    }
  }

  @Override
  public void rmsNormGradient(
      RawTensor x, RawTensor gamma, double eps, RawTensor g, RawTensor[] dxGamma) {
    reference.rmsNormGradient(x, gamma, eps, g, dxGamma); // oneDNN has none
  }

  @Override
  public void softmax(RawTensor x, RawTensor out) {
    if (isFloat(x)) {
      norms.softmax(x, out);
    } else {
      reference.softmax(x, out);
    }
  }

  @Override
  public void softmaxGradient(RawTensor y, RawTensor g, RawTensor dx) {
    if (isFloat(y)) {
      norms.softmaxGradient(y, g, dx);
    } else {
      reference.softmaxGradient(y, g, dx);
    }
  }

  @Override
  public void logSoftmax(RawTensor x, RawTensor out) {
    if (isFloat(x)) {
      norms.logSoftmax(x, out);
    } else {
      reference.logSoftmax(x, out);
    }
  }

  @Override
  public void logSoftmaxGradient(RawTensor y, RawTensor g, RawTensor dx) {
    if (isFloat(y)) {
      norms.logSoftmaxGradient(y, g, dx);
    } else {
      reference.logSoftmaxGradient(y, g, dx);
    }
  }

  @Override
  public void activation(Activation activation, RawTensor x, RawTensor out) {
    if (isFloat(x)) {
      elements.activation(activation, x, out);
    } else {
      reference.activation(activation, x, out);
    }
  }

  @Override
  public void activationGradient(Activation activation, RawTensor x, RawTensor g, RawTensor dx) {
    if (isFloat(x)) {
      elements.activationGradient(activation, x, g, dx);
    } else {
      reference.activationGradient(activation, x, g, dx);
    }
  }

  @Override
  public void binary(Binary op, RawTensor a, RawTensor b, RawTensor out) {
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
  public void unary(Unary op, RawTensor x, RawTensor out) {
    // oneDNN's logarithm loses two digits near 1, and it has no sign.
    if (!isFloat(x) || op == Unary.LOG || op == Unary.SIGN) {
      reference.unary(op, x, out);
      return;
    }
    algorithm f =
        switch (op) {
          case EXP -> algorithm.eltwise_exp;
          case LOG, SIGN -> throw new AssertionError(op);
          case SQRT -> algorithm.eltwise_sqrt;
          case TANH -> algorithm.eltwise_tanh;
        };
    elements.function(f, 0, 0, x, out);
  }

  @Override
  public void affine(RawTensor x, double scale, double shift, RawTensor out) {
    if (isFloat(x)) {
      elements.function(algorithm.eltwise_linear, (float) scale, (float) shift, x, out);
    } else {
      reference.affine(x, scale, shift, out);
    }
  }

  @Override
  public void sum(RawTensor x, boolean overRows, RawTensor out) {
    if (isFloat(x) && x.size() > 0) {
      sums.run(x, overRows, out);
    } else {
      reference.sum(x, overRows, out);
    }
  }

  @Override
  public void gather(RawTensor table, RawTensor ids, RawTensor out) {
    lookups.gather(table, ids, out);
  }

  @Override
  public void scatterAdd(RawTensor table, RawTensor ids, RawTensor g) {
    reference.scatterAdd(table, ids, g);
  }

  @Override
  public void crossEntropy(RawTensor logits, RawTensor labels, double smoothing, RawTensor out) {
    if (isFloat(logits)) {
      lookups.crossEntropy(logits, labels, smoothing, out);
    } else {
      reference.crossEntropy(logits, labels, smoothing, out);
    }
  }

  @Override
  public void crossEntropyGradient(
      RawTensor logits, RawTensor labels, double smoothing, RawTensor g, RawTensor dlogits) {
    if (isFloat(logits)) {
      lookups.crossEntropyGradient(logits, labels, smoothing, g, dlogits);
    } else {
      reference.crossEntropyGradient(logits, labels, smoothing, g, dlogits);
    }
  }

  @Override
  public void copy(RawTensor source, RawTensor target) {
    copies.copy(source, target);
  }

  @Override
  public void fill(RawTensor target, double value) {
    copies.fill(target, value);
  }

  @Override
  public void dropout(RawTensor x, DropoutSpec dropout, RawTensor out) {
    reference.dropout(x, dropout, out); // oneDNN's masks differ
  }

  @Override
  public void adamW(
      AdamWRule rule, AdamWRule.Step step, RawTensor x, RawTensor g, RawTensor m, RawTensor v) {
    reference.adamW(rule, step, x, g, m, v); // memory-bound; the reference reads memory once
  }

  @Override
  public double squaredNorm(RawTensor x) {
    return reference.squaredNorm(x);
  }

  private static boolean isFloat(RawTensor tensor) {
    return tensor.dtype() == DType.FLOAT32;
  }
}
