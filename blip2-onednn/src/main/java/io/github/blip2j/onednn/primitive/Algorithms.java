package io.github.blip2j.onednn.primitive;

import io.github.blip2j.tensor.types.Activation;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.post_ops;

/** Activation functions as oneDNN algorithms and as post-operations. */
public final class Algorithms {
  private static final double QUICK_GELU = 1.702;

  private Algorithms() {}

  /** The argument number of the second operand of the post-operation at an index. */
  public static int afterOperand(int place) {
    return dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (place + 1) | dnnl.DNNL_ARG_SRC_1;
  }

  public static void append(post_ops after, Activation activation) {
    if (activation != Activation.IDENTITY) {
      after.append_eltwise(algorithm(activation), alpha(activation), 0);
    }
  }

  static algorithm algorithm(Activation activation) {
    return switch (activation) {
      case IDENTITY -> algorithm.eltwise_linear;
      case GELU -> algorithm.eltwise_gelu_erf;
      case GELU_TANH -> algorithm.eltwise_gelu_tanh;
      case QUICK_GELU, SILU -> algorithm.eltwise_swish;
      case RELU -> algorithm.eltwise_relu;
    };
  }

  /** A number that identifies an activation in a key. */
  public static long number(Activation activation) {
    if (activation == Activation.IDENTITY) {
      return 0;
    }
    return (long) algorithm(activation).value << Integer.SIZE
        | Float.floatToRawIntBits(alpha(activation));
  }

  static float alpha(Activation activation) {
    return switch (activation) {
      case QUICK_GELU -> (float) QUICK_GELU;
      case SILU, IDENTITY -> 1;
      default -> 0;
    };
  }
}
