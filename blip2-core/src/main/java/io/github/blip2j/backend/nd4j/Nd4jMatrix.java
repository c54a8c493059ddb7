package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;

/** Matrix products through ND4J's {@code matmul}, which the oneDNN builds run at full speed. */
final class Nd4jMatrix {
  /**
   * Between {@code FEW} and {@code MANY} rows the transposed product is faster; see {@link
   * #timesTransposed}.
   */
  private static final int FEW = 10;

  private static final int MANY = 150;

  private Nd4jMatrix() {}

  /**
   * {@code out = x W^T} for x [M, K] and W [N, K].
   *
   * <p>With some dozens of rows it is computed as {@code W x^T} into a transposed view of the
   * result, which costs no copy: OpenBLAS packs its second operand whole before it starts, and that
   * is better a few rows of x than the weight. In ms on two cores with AVX-512, as x W^T and as W
   * x^T, for K x N of 768 x 3072: M=8 0.76, 0.92; M=16 2.94, 0.95; M=33 3.55, 2.11; M=96 5.16,
   * 3.89; M=144 6.48, 5.71; M=257 9.92, 11.7. For 2560 x 2560: M=8 2.54, 3.04; M=16 8.21, 2.76;
   * M=33 9.40, 5.07; M=128 16.8, 13.2; M=257 26.9, 31.2.
   */
  static void timesTransposed(RawTensor x, RawTensor weight, RawTensor out) {
    long rows = x.dim(0);
    if (rows >= FEW && rows <= MANY) {
      product(weight, PlainTensor.transpose(x), PlainTensor.transpose(out));
    } else {
      product(x, PlainTensor.transpose(weight), out);
    }
  }

  /**
   * {@code out = a b} over the last two axes, any strides. A transposed operand is passed as it
   * lies with the transposing flag: ND4J would copy it otherwise, at twice the product's time.
   */
  static void product(RawTensor a, RawTensor b, RawTensor out) {
    boolean left = isTransposed(a);
    boolean right = isTransposed(b);
    INDArray[] operands = {
      Nd4jArrays.of(left ? PlainTensor.transpose(a) : a),
      Nd4jArrays.of(right ? PlainTensor.transpose(b) : b),
    };
    DynamicCustomOp op =
        new DynamicCustomOp("matmul", operands, new INDArray[] {Nd4jArrays.of(out)});
    op.addIArgument(left ? 1 : 0, right ? 1 : 0, 0);
    Nd4j.exec(op);
  }

  private static boolean isTransposed(RawTensor x) {
    long[] strides = x.strides();
    int last = strides.length - 1;
    return strides[last - 1] == 1 && strides[last] >= x.dim(-2) && x.dim(-1) > 1;
  }
}
