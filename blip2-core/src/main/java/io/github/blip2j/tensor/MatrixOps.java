package io.github.blip2j.tensor;

import static io.github.blip2j.tensor.ReduceOps.sumTo;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.Affine;
import io.github.blip2j.backend.Int8Weight;
import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Matrix products, each value beside its derivatives.
 *
 * <p>A weight may set its compute precision: both operands of its products are rounded to bfloat16
 * first (Kalamkar et al. 2019; {@link Tensor#withComputePrecision}). R(x) is x rounded in this way,
 * or x itself.
 */
final class MatrixOps {
  private MatrixOps() {}

  /** Product over the last two axes; leading axes broadcast. dA = G Bᵀ, dB = Aᵀ G. */
  static Tensor matmul(Tensor a, Tensor b) {
    return Op.of("matmul", product(a, b))
        .wrt(a, g -> sumTo(product(g, b.detach().transpose()), a.shape()))
        .wrt(b, g -> sumTo(product(a.detach().transpose(), g), b.shape()))
        .tensor();
  }

  /**
   * f(x Wᵀ + b) + r. If nothing is recorded, this is one kernel. Otherwise an activation is a
   * separate operation, because its gradient needs its input.
   */
  static Tensor linear(
      Tensor x,
      Tensor weight,
      @Nullable Tensor bias,
      Activation activation,
      @Nullable Tensor residual) {
    requireLinear(x, weight, bias, residual);
    boolean recorded =
        x.requiresGrad() || weight.requiresGrad() || (bias != null && bias.requiresGrad());
    if (recorded && GradMode.isRecording()) {
      if (activation == Activation.IDENTITY) {
        return recordedLinear(x, weight, bias, residual);
      }
      Tensor activated = recordedLinear(x, weight, bias, null).activate(activation);
      return residual == null ? activated : residual.add(activated);
    }
    Tensor fused = affineMap(x, weight, bias, activation, residual);
    return residual == null ? fused : Op.of("linear", fused).wrt(residual, g -> g).tensor();
  }

  /** Several maps of one input; recorded maps are separate operations. */
  static List<Tensor> linears(Tensor x, List<LinearMap> maps) {
    boolean recorded = x.requiresGrad() || maps.stream().anyMatch(LinearMap::requiresGrad);
    maps.forEach(map -> requireLinear(x, map.weight(), map.bias(), null));
    boolean rounded =
        maps.stream().anyMatch(map -> map.weight().computePrecision() != Precision.FLOAT32);
    if (x.size() == 0 || rounded || (recorded && GradMode.isRecording())) {
      return maps.stream()
          .map(map -> linear(x, map.weight(), map.bias(), map.activation(), null))
          .toList();
    }
    List<Tensor> outs = new ArrayList<>();
    for (LinearMap map : maps) {
      Shape shape = x.shape().with(-1, map.weight().dim(0));
      PackedWeight packing = map.weight().packing();
      boolean narrow = packing != null && packing.input() == map.result();
      DType type = narrow ? map.result() : wide(x, map.weight());
      outs.add(x.result("linear", type, shape));
    }
    List<Affine> dense = maps.stream().map(LinearMap::dense).toList();
    x.kernels().linears(ShapeOps.dense(x), dense, outs);
    return outs;
  }

  /** R(x) R(W)ᵀ + b + r. dx = R(G) R(W), dW = R(G)ᵀ R(x), db = sum of G's rows, dr = G. */
  private static Tensor recordedLinear(
      Tensor x, Tensor weight, @Nullable Tensor bias, @Nullable Tensor residual) {
    Tensor input = x.detach();
    Tensor matrix = weight.detach();
    Tensor value = affineMap(input, matrix, bias, Activation.IDENTITY, residual);
    Precision factors = weight.computePrecision();
    Op op =
        Op.of("linear", value)
            .wrt(x, g -> inputGradient(rounded(rows(g), factors), matrix, x.shape()))
            .wrt(weight, g -> weightGradient(rounded(rows(g), factors), input, factors));
    if (bias != null) {
      op.wrt(bias, g -> ReduceOps.sumRows(rows(g)));
    }
    if (residual != null) {
      op.wrt(residual, g -> g);
    }
    return op.tensor();
  }

  /**
   * M (R(x) R(W)ᵀ + b) + r with M the dropout mask, recomputed for the gradients: with H = M G, dx
   * = R(H) R(W), dW = R(H)ᵀ R(x), db = sum of H's rows, dr = G.
   */
  static Tensor linearWithDropout(
      Tensor x, Tensor weight, @Nullable Tensor bias, DropoutSpec dropout, Tensor residual) {
    requireLinear(x, weight, bias, residual);
    Tensor input = x.detach();
    Tensor matrix = weight.detach();
    Tensor value = affineMap(input, matrix, bias, Activation.IDENTITY, null);
    if (value.size() > 0) {
      x.kernels().dropout(value, dropout, value);
      x.kernels().binary(Kernels.Binary.ADD, value, ShapeOps.dense(residual).detach(), value);
    }
    List<Tensor> inputs = bias == null ? List.of(x, weight) : List.of(x, weight, bias);
    boolean[] wanted = new boolean[inputs.size()];
    for (int i = 0; i < inputs.size(); i++) {
      wanted[i] = inputs.get(i).requiresGrad();
    }
    return Op.of("linear", value)
        .wrt(inputs, g -> gradients(input, matrix, ElementOps.withDropout(g, dropout), wanted))
        .wrt(residual, g -> g)
        .tensor();
  }

  /** The requested gradients; any tensor in place of the others. */
  private static Tensor[] gradients(Tensor x, Tensor weight, Tensor g, boolean[] wanted) {
    Tensor[] gradients = new Tensor[wanted.length]; // of the bias too if there is one
    Arrays.fill(gradients, g);
    Tensor factor = rounded(rows(g), weight.computePrecision());
    if (wanted[0]) {
      gradients[0] = inputGradient(factor, weight, x.shape());
    }
    if (wanted[1]) {
      gradients[1] = weightGradient(factor, x, weight.computePrecision());
    }
    if (wanted.length > 2 && wanted[2]) {
      gradients[2] = ReduceOps.sumRows(rows(g));
    }
    return gradients;
  }

  /**
   * R(G) R(W), the weight in the type of R(G): a narrower stored type is widened, as in the forward
   * kernel, unless R rounds to it anyway.
   */
  private static Tensor inputGradient(Tensor factor, Tensor weight, Shape shape) {
    DType type = factor.dtype();
    Tensor plain = weight.packing() == null ? weight.to(type) : ShapeOps.copyOf(weight, type);
    return multiplied(factor, plain).reshape(shape.toArray());
  }

  /** R(G)ᵀ R(x). */
  private static Tensor weightGradient(Tensor factor, Tensor x, Precision factors) {
    return multiplied(factor.transpose(), rounded(rows(x), factors));
  }

  /** R(x). Float64, as in gradient checks, is not rounded. */
  private static Tensor rounded(Tensor x, Precision factors) {
    boolean narrow = factors == Precision.BFLOAT16 && x.dtype() == DType.FLOAT32;
    return narrow ? x.detach().to(DType.BFLOAT16) : x;
  }

  /** {@code weight} for the kernels: packed, or plain and in the requested type. */
  static Tensor pack(Tensor weight, Precision precision, PackedWeight.Use use) {
    weight.shape().require("pack", "weight", Shape.ANY, Shape.ANY);
    if (!weight.dtype().isFloating()) {
      throw new IllegalArgumentException(
          "pack: weight expected a floating type, got " + weight.dtype());
    }
    Tensor plain = ShapeOps.dense(weight);
    PackedWeight packed = plain.size() == 0 ? null : plain.kernels().pack(plain, precision, use);
    if (packed != null) {
      return Tensor.of(packed);
    }
    return switch (precision) {
      case FLOAT32 -> plain.to(DType.FLOAT32);
      case BFLOAT16 -> plain.to(DType.BFLOAT16);
      case INT8 -> Tensor.of(Int8Weight.of(plain.to(DType.FLOAT32)));
    };
  }

  static Tensor multipliedIn(Tensor weight, Precision precision) {
    if (precision == Precision.INT8) {
      throw new IllegalArgumentException(
          "withComputePrecision: precision expected float32 or bfloat16, got int8; pack a weight "
              + "that does"
              + " not learn");
    }
    weight.backend().warnIfSlow(precision);
    return weight.withFactors(precision);
  }

  private static Tensor affineMap(
      Tensor x,
      Tensor weight,
      @Nullable Tensor bias,
      Activation activation,
      @Nullable Tensor residual) {
    Shape shape = x.shape().with(-1, weight.dim(0));
    Tensor out = x.result("linear", wide(x, weight), shape);
    if (out.size() > 0) {
      boolean packed = weight.packing() != null;
      try (Scope scope = Scope.open()) {
        Tensor left = packed ? x : rounded(x, weight.computePrecision());
        boolean narrow = left.dtype() == DType.BFLOAT16;
        x.kernels()
            .linear(
                ShapeOps.dense(left),
                packed
                    ? weight
                    : ShapeOps.dense(narrow ? weight.detach().to(left.dtype()) : weight),
                bias == null ? null : ShapeOps.dense(bias),
                activation,
                residual == null ? null : ShapeOps.dense(residual),
                out);
      }
    }
    return out;
  }

  private static Tensor rows(Tensor x) {
    return ShapeOps.dense(x).detach().reshape(-1, x.dim(-1));
  }

  /** The product without history. */
  private static Tensor product(Tensor a, Tensor b) {
    ElementOps.requireSameType("matmul", a, b);
    ElementOps.requireFloating("matmul", a);
    return multiplied(a, b);
  }

  /** The product of two tensors of one type; that of bfloat16 is float32. */
  private static Tensor multiplied(Tensor a, Tensor b) {
    DType type = a.dtype() == DType.BFLOAT16 ? DType.FLOAT32 : a.dtype();
    if (a.rank() < 2 || b.rank() < 2 || a.dim(-1) != b.dim(-2)) {
      throw new ShapeMismatchException(
          "matmul: inner axes differ, " + a.shape() + " x " + b.shape());
    }
    Operands.require("matmul", a, "other", b);
    Shape leading = leading(a).broadcast(leading(b), "matmul");
    Tensor left = stretched(a, leading);
    Tensor right = stretched(b, leading);
    long[] dims = Arrays.copyOf(leading.toArray(), leading.rank() + 2);
    dims[leading.rank()] = a.dim(-2);
    dims[leading.rank() + 1] = b.dim(-1);
    if (Arrays.stream(dims).allMatch(dim -> dim > 0) && a.dim(-1) == 0) {
      return a.filled(0, type, dims); // a sum of nothing
    }
    Tensor out = a.result("matmul", type, Shape.of(dims));
    if (out.size() > 0) {
      a.kernels().matmul(left, right, out);
    }
    return out;
  }

  private static Shape leading(Tensor x) {
    return Shape.of(Arrays.copyOf(x.shape().toArray(), x.rank() - 2));
  }

  private static Tensor stretched(Tensor x, Shape leading) {
    if (leading(x).equals(leading)) {
      return x;
    }
    long[] dims = Arrays.copyOf(leading.toArray(), leading.rank() + 2);
    dims[leading.rank()] = x.dim(-2);
    dims[leading.rank() + 1] = x.dim(-1);
    return x.detach().expand(dims);
  }

  /** The type of sums: values between two maps in bfloat16 are added in float32. */
  private static DType wide(Tensor x, Tensor weight) {
    PackedWeight packing = weight.packing();
    boolean narrow = packing != null && x.dtype() == packing.input();
    return narrow ? DType.FLOAT32 : x.dtype();
  }

  private static void requireLinear(
      Tensor x, Tensor weight, @Nullable Tensor bias, @Nullable Tensor residual) {
    DType type = wide(x, weight);
    ElementOps.requireFloating("linear", x, type);
    Operands.require("linear", x, "weight", weight);
    Operands.require("linear", x, "bias", bias);
    Operands.require("linear", x, "residual", residual);
    if (x.rank() == 0 || weight.rank() != 2 || x.dim(-1) != weight.dim(1)) {
      throw new ShapeMismatchException(
          "linear: last axis of x expected the weight's inputs, got x "
              + x.shape()
              + " and weight "
              + weight.shape());
    }
    boolean narrower = weight.dtype().isFloating() && weight.dtype() != DType.FLOAT64;
    if (weight.dtype() != type && !narrower) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "linear: weight expected %s or a narrower floating type, got %s",
              type,
              weight.dtype()));
    }
    if (residual != null) {
      ElementOps.requireType("linear", type, residual);
      residual.shape().require("linear", "residual", x.shape().with(-1, weight.dim(0)).toArray());
    }
    if (bias != null) {
      ElementOps.requireType("linear", type, bias);
      bias.shape().require("linear", "bias", weight.dim(0));
    }
  }
}
