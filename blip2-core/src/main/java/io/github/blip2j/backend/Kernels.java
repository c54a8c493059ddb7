package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Precision;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The kernel interface: whole operations on allocated memory.
 *
 * <p>A provider computes; it allocates no result, records no gradient and keeps no tensor. Results
 * go to the {@code out} arguments, whose shapes the caller has checked. Tensors are dense and
 * row-major except where a method says that strides are honoured, and never empty. All floating
 * arguments of one call have the same type, float32 or float64, unless a method says otherwise.
 *
 * <p>All tensors of one call are on the memory of the kernels' {@link Backend}, and temporaries are
 * made beside an operand ({@link PlainTensor#uninitialized}), so the kernels never ask where they
 * run. The ones called {@code nd4j}, which implement everything on the CPU, are the reference; the
 * conformance test in this module's test-jar runs every method of a provider against plain loops.
 */
public interface Kernels {
  /** Element-wise operations of two tensors. */
  enum Binary {
    /** {@code a + b}. */
    ADD,
    /** {@code a - b}. */
    SUBTRACT,
    /** {@code a b}. */
    MULTIPLY,
    /** {@code a / b}. */
    DIVIDE
  }

  /** Element-wise functions of one tensor. */
  enum Unary {
    /** {@code e^x}. */
    EXP,
    /** Natural logarithm. */
    LOG,
    /** Square root. */
    SQRT,
    /** Hyperbolic tangent. */
    TANH,
    /** -1, 0 or 1; 0 of NaN. */
    SIGN
  }

  /** A name for logs. */
  String name();

  /**
   * The weight of linear maps, prepacked for this provider; {@link #linear} must accept the result.
   * Memory is allocated in the current scope.
   *
   * @param weight [N, K], plain and dense, of any floating type
   * @param use the main use, decoding or prefill; results must be correct for any number of rows
   * @return null if plain memory is as fast
   */
  default @Nullable PackedWeight pack(RawTensor weight, Precision precision, PackedWeight.Use use) {
    return null;
  }

  /**
   * Whether products in {@code precision} are faster here than in float32. If not, they are still
   * correct.
   */
  default boolean accelerates(Precision precision) {
    return false;
  }

  /**
   * The reference kernels, for methods that a provider does not implement. They compute in this
   * machine's memory: a provider of a device that calls them has to bring its operands there.
   */
  static Kernels reference() {
    return BackendRegistry.reference();
  }

  /**
   * {@code out = activation(x W^T + bias) + residual}. The weight may be stored in a narrower
   * floating type than the rest, or packed; products accumulate in {@code out}'s type. x, and out
   * where there is no residual, may be in the type that the weight's packing {@linkplain
   * PackedWeight#input reads}, and the rest float32; so may x where a weight is plain bfloat16.
   *
   * @param x [..., K]
   * @param weight [N, K]
   * @param bias [N]
   * @param residual [..., N]; may be {@code out} itself
   * @param out [..., N]
   */
  void linear(
      RawTensor x,
      RawTensor weight,
      @Nullable RawTensor bias,
      Activation activation,
      @Nullable RawTensor residual,
      RawTensor out);

  /**
   * Several linear maps of one input, for providers that prepare an input: it is prepared once.
   *
   * @param x [..., K]
   * @param outs [..., N] for each map, in their order
   */
  default void linears(RawTensor x, List<Affine> maps, List<? extends RawTensor> outs) {
    for (int i = 0; i < maps.size(); i++) {
      Affine map = maps.get(i);
      linear(x, map.weight(), map.bias(), map.activation(), null, outs.get(i));
    }
  }

  /**
   * Product of the last two axes; strides of all three are honoured. Both factors may be bfloat16
   * where {@code out} is float32: their products are exact in float32 and accumulate there.
   *
   * @param a [..., M, K]
   * @param b [..., K, N], with the same leading axes
   * @param out [..., M, N]
   */
  void matmul(RawTensor a, RawTensor b, RawTensor out);

  /**
   * The largest product of each group's rows with a vector, {@code out_n = max_q Σ_p rows_nqp x_p}:
   * MaxSim of a single vector (Khattab and Zaharia 2020, section 3.3).
   *
   * <p>Rows are float32, or bytes that stand for their values less 128. With bytes, x consists of
   * whole numbers from -63 to 63. Products of bytes are then exact in 32-bit integers on every CPU,
   * because the sum of two fits 16 bits, and the largest is rounded to float32.
   *
   * @param rows [N, Q, P], float32 or uint8, such as a mapped file ({@link HostMemory#view}); with
   *     bytes, P is at most 65536
   * @param x [P], float32
   * @param out [N], float32
   */
  default void maxSimilarity(RawTensor rows, RawTensor x, RawTensor out) {
    reference().maxSimilarity(rows, x, out);
  }

  /**
   * Scaled dot-product attention (Vaswani et al. 2017, section 3.2.1), {@code softmax(scale q k^T +
   * mask) v}; strides of q, k and v are honoured. q, k, v and out may all be bfloat16 if {@code
   * weights} is null; scores and softmax are float32 even then.
   *
   * @param q [B, T, H, D]
   * @param k [B, S, H, D]
   * @param v [B, S, H, D]
   * @param mask additive, broadcasts to [B, H, T, S]
   * @param dropout of the softmax before the product with the values; null for none
   * @param weights [B, H, T, S], receives the softmax without dropout, for the gradient; may be
   *     null
   * @param out [B, T, H, D]
   */
  void attention(
      RawTensor q,
      RawTensor k,
      RawTensor v,
      double scale,
      @Nullable RawTensor mask,
      @Nullable DropoutSpec dropout,
      @Nullable RawTensor weights,
      RawTensor out);

  /**
   * Gradients of {@link #attention}; strides of q, k and v are honoured.
   *
   * @param weights from {@code attention}
   * @param dropout the dropout of {@code attention}
   * @param g gradient of its output, [B, T, H, D]
   */
  void attentionGradient(
      RawTensor q,
      RawTensor k,
      RawTensor v,
      double scale,
      RawTensor weights,
      @Nullable DropoutSpec dropout,
      RawTensor g,
      RawTensor[] dqkv);

  /**
   * Normalises the last axis to mean 0 and variance 1, biased, in two passes (Ba et al. 2016).
   *
   * @param x [..., C]
   * @param gamma [C]
   * @param beta [C]
   */
  void layerNorm(RawTensor x, RawTensor gamma, RawTensor beta, double eps, RawTensor out);

  /** Gradients of {@link #layerNorm} with respect to x, gamma and beta, in that order. */
  void layerNormGradient(
      RawTensor x, RawTensor gamma, double eps, RawTensor g, RawTensor[] dxGammaBeta);

  /** {@code x / √(mean(x²) + eps) gamma} over the last axis (Zhang and Sennrich 2019). */
  void rmsNorm(RawTensor x, RawTensor gamma, double eps, RawTensor out);

  /** Gradients of {@link #rmsNorm} with respect to x and gamma, in that order. */
  void rmsNormGradient(RawTensor x, RawTensor gamma, double eps, RawTensor g, RawTensor[] dxGamma);

  /** Softmax of the last axis; {@code out} may be {@code x}. */
  void softmax(RawTensor x, RawTensor out);

  /** Gradient of {@link #softmax} from its output {@code y}. */
  void softmaxGradient(RawTensor y, RawTensor g, RawTensor dx);

  /** Logarithm of the softmax of the last axis. */
  void logSoftmax(RawTensor x, RawTensor out);

  /** Gradient of {@link #logSoftmax} from its output {@code y}. */
  void logSoftmaxGradient(RawTensor y, RawTensor g, RawTensor dx);

  /** {@code out = activation(x)}; {@code out} may be {@code x}. */
  void activation(Activation activation, RawTensor x, RawTensor out);

  /** Gradient of {@link #activation} from its input. */
  void activationGradient(Activation activation, RawTensor x, RawTensor g, RawTensor dx);

  /** {@code out = a op b}, both broadcast to {@code out}'s shape; {@code out} may be {@code a}. */
  void binary(Binary op, RawTensor a, RawTensor b, RawTensor out);

  /** {@code out = f(x)}; {@code out} may be {@code x}. */
  void unary(Unary op, RawTensor x, RawTensor out);

  /** {@code out = scale x + shift}; {@code out} may be {@code x}. */
  void affine(RawTensor x, double scale, double shift, RawTensor out);

  /**
   * Sum of the last axis or of the first, accumulated more precisely than in one float32.
   *
   * @param x [R, C], which may be empty and then gives zeros
   * @param overRows whether rows are summed, giving [C]; otherwise columns, giving [R]
   */
  void sum(RawTensor x, boolean overRows, RawTensor out);

  /**
   * Rows of a table.
   *
   * @param table [V, C], of any floating type
   * @param ids [...], int64, each in [0, V)
   * @param out [..., C]
   */
  void gather(RawTensor table, RawTensor ids, RawTensor out);

  /** Adds rows of {@code g} [..., C] to the rows {@code ids} of {@code table}; ids may repeat. */
  void scatterAdd(RawTensor table, RawTensor ids, RawTensor g);

  /**
   * Negative log-likelihood of each row, with label smoothing (Szegedy et al. 2016, section 7).
   *
   * @param logits [M, V]
   * @param labels [M], int64; a negative label counts nothing and gives 0
   * @param out [M]
   */
  void crossEntropy(RawTensor logits, RawTensor labels, double smoothing, RawTensor out);

  /** Gradient of {@link #crossEntropy}; {@code g} is [M]. */
  void crossEntropyGradient(
      RawTensor logits, RawTensor labels, double smoothing, RawTensor g, RawTensor dlogits);

  /** Copies between equal shapes, casting; strides of both are honoured. */
  void copy(RawTensor source, RawTensor target);

  /** Sets every element. */
  void fill(RawTensor target, double value);

  /**
   * Dropout (Srivastava et al. 2014): an element is zeroed, or divided by the probability of being
   * kept. The choice depends only on the seed and the element's index, the same for every provider,
   * so that a mask need not be stored. Both are dense, float32 or float64, and may be the same
   * memory.
   */
  void dropout(RawTensor x, DropoutSpec dropout, RawTensor out);

  /**
   * One step of AdamW (Loshchilov and Hutter 2019, algorithm 2), in place and in one pass over
   * memory. All tensors are float32, dense and of one shape; {@code g} is left as it is.
   *
   * @param x the parameter
   * @param g its gradient
   * @param m running mean of gradients, zeros at first
   * @param v running mean of their squares, zeros at first
   */
  void adamW(
      AdamWRule rule, AdamWRule.Step step, RawTensor x, RawTensor g, RawTensor m, RawTensor v);

  /**
   * Sum of the squares of a float32 tensor, in float64, so that it is finite exactly if every
   * element is. It does not depend on the number of threads.
   */
  double squaredNorm(RawTensor x);

  /**
   * The {@link #squaredNorm} of each tensor, for providers that must wait for a result: they wait
   * once for all.
   */
  default double[] squaredNorms(List<? extends RawTensor> tensors) {
    double[] norms = new double[tensors.size()];
    for (int i = 0; i < norms.length; i++) {
      norms[i] = squaredNorm(tensors.get(i));
    }
    return norms;
  }
}
