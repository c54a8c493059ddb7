package io.github.blip2j.tensor;

import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/** Matrix products through ND4J's {@code matmul}, which the oneDNN builds run at full speed. */
final class Nd4jMatrix {
  private Nd4jMatrix() {}

  /**
   * {@code out = a b} over the last two axes, any strides. A transposed operand is passed as it
   * lies with the transposing flag: ND4J would copy it otherwise, at twice the product's time.
   */
  static void product(Tensor a, Tensor b, Tensor out) {
    boolean left = isTransposed(a);
    boolean right = isTransposed(b);
    DynamicCustomOp op =
        DynamicCustomOp.builder("matmul")
            .addInputs((left ? swapped(a) : a).array(), (right ? swapped(b) : b).array())
            .addOutputs(out.array())
            .addIntegerArguments(left ? 1 : 0, right ? 1 : 0, 0)
            .build();
    Nd4j.exec(op);
  }

  private static boolean isTransposed(Tensor x) {
    long[] strides = x.strides();
    int last = strides.length - 1;
    return strides[last - 1] == 1 && strides[last] >= x.dim(-2) && x.dim(-1) > 1;
  }

  private static Tensor swapped(Tensor x) {
    long[] dims = x.shape().toArray();
    long[] strides = x.strides();
    int last = dims.length - 1;
    long dim = dims[last];
    long stride = strides[last];
    dims[last] = dims[last - 1];
    strides[last] = strides[last - 1];
    dims[last - 1] = dim;
    strides[last - 1] = stride;
    return x.view(0, Shape.of(dims), strides);
  }
}
