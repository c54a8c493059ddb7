package io.github.blip2j.tensor;

import static io.github.blip2j.tensor.ReduceOps.sumTo;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;

/** Element-wise operations, each value beside its derivatives. */
final class ElementOps {
  private ElementOps() {}

  /** a + b. da = g, db = g. */
  static Tensor add(Tensor a, Tensor b) {
    return Op.of("add", binary("add", Kernels.Binary.ADD, a, b))
        .wrt(a, g -> sumTo(g, a.shape()))
        .wrt(b, g -> sumTo(g, b.shape()))
        .tensor();
  }

  /** a - b. da = g, db = -g. */
  static Tensor sub(Tensor a, Tensor b) {
    return Op.of("sub", binary("sub", Kernels.Binary.SUBTRACT, a, b))
        .wrt(a, g -> sumTo(g, a.shape()))
        .wrt(b, g -> sumTo(g.mul(-1), b.shape()))
        .tensor();
  }

  /** a b. da = g b, db = g a. */
  static Tensor mul(Tensor a, Tensor b) {
    return Op.of("mul", binary("mul", Kernels.Binary.MULTIPLY, a, b))
        .wrt(a, g -> sumTo(g.mul(b.detach()), a.shape()))
        .wrt(b, g -> sumTo(g.mul(a.detach()), b.shape()))
        .tensor();
  }

  /** a / b. da = g / b, db = -g a / b². */
  static Tensor div(Tensor a, Tensor b) {
    Tensor value = binary("div", Kernels.Binary.DIVIDE, a, b);
    return Op.of("div", value)
        .wrt(a, g -> sumTo(g.div(b.detach()), a.shape()))
        .wrt(b, g -> sumTo(g.mul(value).div(b.detach()).mul(-1), b.shape()))
        .tensor();
  }

  /** s x + t. dx = s g. */
  static Tensor affine(Tensor x, double scale, double shift) {
    requireFloating("affine", x);
    Tensor value = x.result("affine", x.dtype(), x.shape());
    if (value.size() > 0) {
      x.kernels().affine(ShapeOps.dense(x), scale, shift, value);
    }
    return Op.of("affine", value).wrt(x, g -> g.mul(scale)).tensor();
  }

  /** e^x. dx = g e^x. */
  static Tensor exp(Tensor x) {
    Tensor value = unary("exp", Kernels.Unary.EXP, x);
    return Op.of("exp", value).wrt(x, g -> g.mul(value)).tensor();
  }

  /** ln x. dx = g / x. */
  static Tensor log(Tensor x) {
    return Op.of("log", unary("log", Kernels.Unary.LOG, x)).wrt(x, g -> g.div(x.detach())).tensor();
  }

  /** √x. dx = g / (2 √x). */
  static Tensor sqrt(Tensor x) {
    Tensor value = unary("sqrt", Kernels.Unary.SQRT, x);
    return Op.of("sqrt", value).wrt(x, g -> g.div(value).mul(0.5)).tensor();
  }

  /** tanh x. dx = g (1 - tanh² x). */
  static Tensor tanh(Tensor x) {
    Tensor value = unary("tanh", Kernels.Unary.TANH, x);
    return Op.of("tanh", value).wrt(x, g -> g.sub(g.mul(value).mul(value))).tensor();
  }

  /** The sign of x. dx = 0, so nothing is recorded. */
  static Tensor sign(Tensor x) {
    return unary("sign", Kernels.Unary.SIGN, x.detach());
  }

  /** f(x). dx = g f'(x), by the kernel. */
  static Tensor activate(Tensor x, Activation activation) {
    requireFloating("activate", x);
    Tensor input = ShapeOps.dense(x).detach();
    Tensor value = x.result("activate", x.dtype(), x.shape());
    if (value.size() > 0) {
      x.kernels().activation(activation, input, value);
    }
    return Op.of("activate", value).wrt(x, g -> activationGradient(activation, input, g)).tensor();
  }

  /** x times a mask of zeros and 1 / (1 - p). dx = g times that mask, recomputed from its seed. */
  static Tensor dropout(Tensor x, DropoutSpec dropout) {
    requireFloating("dropout", x);
    return Op.of("dropout", withDropout(x, dropout)).wrt(x, g -> withDropout(g, dropout)).tensor();
  }

  /** The product with the mask, without history. */
  static Tensor withDropout(Tensor x, DropoutSpec dropout) {
    Tensor out = x.result("dropout", x.dtype(), x.shape());
    if (out.size() > 0) {
      x.kernels().dropout(ShapeOps.dense(x), dropout, out);
    }
    return out;
  }

  private static Tensor activationGradient(Activation activation, Tensor x, Tensor g) {
    Tensor dx = x.result("activate", x.dtype(), x.shape());
    if (dx.size() > 0) {
      x.kernels().activationGradient(activation, x, ShapeOps.dense(g), dx);
    }
    return dx;
  }

  private static Tensor binary(String name, Kernels.Binary op, Tensor a, Tensor b) {
    requireSameType(name, a, b);
    Operands.require(name, a, "other", b);
    requireFloating(name, a);
    Tensor out = a.result(name, a.dtype(), a.shape().broadcast(b.shape(), name));
    if (out.size() > 0) {
      a.kernels().binary(op, ShapeOps.dense(a), ShapeOps.dense(b), out);
    }
    return out;
  }

  private static Tensor unary(String name, Kernels.Unary op, Tensor x) {
    requireFloating(name, x);
    Tensor out = x.result(name, x.dtype(), x.shape());
    if (out.size() > 0) {
      x.kernels().unary(op, ShapeOps.dense(x), out);
    }
    return out;
  }

  static void requireSameType(String where, Tensor a, Tensor b) {
    requireType(where, a.dtype(), b);
  }

  static void requireType(String where, DType type, Tensor b) {
    if (type != b.dtype()) {
      throw new IllegalArgumentException(
          where + ": types expected equal, got " + type + " and " + b.dtype());
    }
  }

  static void requireFloating(String where, Tensor x) {
    requireFloating(where, x, x.dtype());
  }

  /** Checks that {@code type}, in which {@code x} is computed with, is a floating type. */
  static void requireFloating(String where, Tensor x, DType type) {
    if (type != DType.FLOAT32 && type != DType.FLOAT64) {
      throw new IllegalArgumentException(
          where
              + ": type expected FLOAT32 or FLOAT64, got "
              + x.dtype()
              + "; convert it with to()");
    }
  }
}
