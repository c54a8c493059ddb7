package io.github.blip2j.tensor;

import static io.github.blip2j.tensor.ReduceOps.sumTo;

import io.github.blip2j.autograd.GradMode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Matrix products, each value beside its derivatives. */
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
   * f(x Wᵀ + b) + r. With nothing to record this is one kernel. Otherwise an activation is an
   * operation of its own, for its gradient needs what stands before it.
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

  /** Several maps of one input; those that are recorded are operations of their own. */
  static List<Tensor> linears(Tensor x, List<LinearMap> maps) {
    boolean recorded = x.requiresGrad() || maps.stream().anyMatch(LinearMap::requiresGrad);
    maps.forEach(map -> requireLinear(x, map.weight(), map.bias(), null));
    if (x.size() == 0 || (recorded && GradMode.isRecording())) {
      return maps.stream()
          .map(map -> linear(x, map.weight(), map.bias(), map.activation(), null))
          .toList();
    }
    List<Tensor> outs = new ArrayList<>();
    for (LinearMap map : maps) {
      Shape shape = x.shape().with(-1, map.weight().dim(0));
      Packing packing = map.weight().packing();
      boolean narrow = packing != null && packing.input() == map.result();
      DType type = narrow ? map.result() : wide(x, map.weight());
      outs.add(Tensor.uninitialized("linear", type, shape));
    }
    List<LinearMap> dense = maps.stream().map(LinearMap::dense).toList();
    KernelChoice.KERNELS.linears(ShapeOps.dense(x), dense, outs);
    return outs;
  }

  /** x Wᵀ + b + r. dx = G W, dW = Gᵀ x, db = sum of G's rows, dr = G. */
  private static Tensor recordedLinear(
      Tensor x, Tensor weight, @Nullable Tensor bias, @Nullable Tensor residual) {
    Tensor input = x.detach();
    Tensor value = affineMap(input, weight.detach(), bias, Activation.IDENTITY, residual);
    Op op =
        Op.of("linear", value)
            .wrt(x, g -> inputGradient(g, weight.detach(), x.shape()))
            .wrt(weight, g -> product(rows(g).transpose(), rows(input)));
    if (bias != null) {
      op.wrt(bias, g -> ReduceOps.sumRows(rows(g)));
    }
    if (residual != null) {
      op.wrt(residual, g -> g);
    }
    return op.tensor();
  }

  /**
   * M (x Wᵀ + b) + r with M a mask of zeros and factors, drawn again for the gradients: with H = M
   * G, dx = H W, dW = Hᵀ x, db = sum of H's rows, dr = G.
   */
  static Tensor thinnedLinear(
      Tensor x, Tensor weight, @Nullable Tensor bias, Thinning thinning, Tensor residual) {
    requireLinear(x, weight, bias, residual);
    Tensor input = x.detach();
    Tensor matrix = weight.detach();
    Tensor value = affineMap(input, matrix, bias, Activation.IDENTITY, null);
    if (value.size() > 0) {
      KernelChoice.KERNELS.dropout(value, thinning, value);
      KernelChoice.KERNELS.binary(
          Kernels.Binary.ADD, value, ShapeOps.dense(residual).detach(), value);
    }
    List<Tensor> inputs = bias == null ? List.of(x, weight) : List.of(x, weight, bias);
    boolean[] wanted = new boolean[inputs.size()];
    for (int i = 0; i < inputs.size(); i++) {
      wanted[i] = inputs.get(i).requiresGrad();
    }
    return Op.of("linear", value)
        .wrt(inputs, g -> gradients(input, matrix, ElementOps.thinned(g, thinning), wanted))
        .wrt(residual, g -> g)
        .tensor();
  }

  /** Those that are wanted; in the place of others, any tensor. */
  private static Tensor[] gradients(Tensor x, Tensor weight, Tensor g, boolean[] wanted) {
    Tensor[] gradients = new Tensor[wanted.length]; // of the bias too if there is one
    Arrays.fill(gradients, g);
    if (wanted[0]) {
      gradients[0] = inputGradient(g, weight, x.shape());
    }
    if (wanted[1]) {
      gradients[1] = product(rows(g).transpose(), rows(x));
    }
    if (wanted.length > 2 && wanted[2]) {
      gradients[2] = ReduceOps.sumRows(rows(g));
    }
    return gradients;
  }

  /** G W. A weight stored in a narrower type is widened for it, as the forward kernel does. */
  private static Tensor inputGradient(Tensor g, Tensor weight, Shape shape) {
    return product(rows(g), ShapeOps.plain(weight).to(g.dtype())).reshape(shape.toArray());
  }

  private static Tensor affineMap(
      Tensor x,
      Tensor weight,
      @Nullable Tensor bias,
      Activation activation,
      @Nullable Tensor residual) {
    Shape shape = x.shape().with(-1, weight.dim(0));
    Tensor dense = ShapeOps.dense(x);
    Tensor out = Tensor.uninitialized("linear", wide(x, weight), shape);
    if (out.size() > 0) {
      KernelChoice.KERNELS.linear(
          dense,
          weight.packing() == null ? ShapeOps.dense(weight) : weight,
          bias == null ? null : ShapeOps.dense(bias),
          activation,
          residual == null ? null : ShapeOps.dense(residual),
          out);
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
    if (a.rank() < 2 || b.rank() < 2 || a.dim(-1) != b.dim(-2)) {
      throw new ShapeMismatchException(
          "matmul: inner axes differ, " + a.shape() + " x " + b.shape());
    }
    Shape leading = leading(a).broadcast(leading(b), "matmul");
    Tensor left = stretched(a, leading);
    Tensor right = stretched(b, leading);
    long[] dims = Arrays.copyOf(leading.toArray(), leading.rank() + 2);
    dims[leading.rank()] = a.dim(-2);
    dims[leading.rank() + 1] = b.dim(-1);
    if (Arrays.stream(dims).allMatch(dim -> dim > 0) && a.dim(-1) == 0) {
      return Tensor.zeros(a.dtype(), dims); // a sum of nothing
    }
    Tensor out = Tensor.uninitialized("matmul", a.dtype(), Shape.of(dims));
    if (out.size() > 0) {
      KernelChoice.KERNELS.matmul(left, right, out);
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

  /** The type of sums: what lies between two maps in bfloat16 is float32 in them. */
  private static DType wide(Tensor x, Tensor weight) {
    Packing packing = weight.packing();
    boolean narrow = packing != null && x.dtype() == packing.input();
    return narrow ? DType.FLOAT32 : x.dtype();
  }

  private static void requireLinear(
      Tensor x, Tensor weight, @Nullable Tensor bias, @Nullable Tensor residual) {
    DType type = wide(x, weight);
    ElementOps.requireFloating("linear", x, type);
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
          "linear: weight expected %s or a narrower floating type, got %s"
              .formatted(type, weight.dtype()));
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
