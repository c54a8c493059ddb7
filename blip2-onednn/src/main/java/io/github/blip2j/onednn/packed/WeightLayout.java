package io.github.blip2j.onednn.packed;

import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import org.bytedeco.dnnl.memory;

/**
 * The stored layout of weights of one size and type.
 *
 * @param description oneDNN's descriptor, with axes in the order that {@code kernel} expects
 * @param reads the input type of products
 * @param rows the positions of single rows
 */
public record WeightLayout(
    Precision precision, Kernel kernel, memory.desc description, Reads reads, BlockedWeight rows) {

  // Layouts are requested for a few hundred rows: the best layout for one row is half as fast for
  // many, while the reverse loses nothing.
  public static final long TYPICAL_ROWS = 256;

  public static WeightLayout of(
      Precision precision, Kernel kernel, memory.desc description, Reads reads, long K) {
    int inputs = kernel == Kernel.CONVOLUTION ? 1 : description.get_ndims() - 2;
    int outputs = kernel == Kernel.CONVOLUTION ? 0 : description.get_ndims() - 1;
    BlockedWeight rows = new BlockedWeight(description, inputs, outputs, precision, K);
    return new WeightLayout(precision, kernel, description, reads, rows);
  }

  /** The kind of oneDNN primitive. */
  public enum Kernel {
    /** A product with a weight [K, N], of rank 3 if that has the faster kernels. */
    PRODUCT,
    /** A convolution with a weight [N, K, 1]: see {@link Pointwise}. */
    CONVOLUTION
  }

  /** The input type of a product. */
  public enum Reads {
    /** Unrounded; a narrower weight is widened within the product. */
    FLOAT32,
    /** Rounded to bfloat16, if the CPU multiplies that. */
    BFLOAT16,
    /** Rounded to bytes. */
    BYTES
  }

  /**
   * The type that values between two maps may be stored in, because they would be rounded to it
   * anyway.
   */
  DType input() {
    return reads == Reads.BFLOAT16 ? DType.BFLOAT16 : DType.FLOAT32;
  }

  /**
   * A descriptor of an unblocked weight [N, K], contiguous by outputs, as weights are stored, or by
   * inputs.
   */
  memory.desc plain(memory.data_type type, long N, long K, boolean byInput) {
    long[] strides = byInput ? new long[] {N, 1} : new long[] {1, K};
    Layout matrix = Layout.of(type, new long[] {K, N}, strides);
    return kernel == Kernel.CONVOLUTION
        ? matrix.padded(description.get_ndims()).permute(2, 1, 0).desc()
        : matrix.padded(description.get_ndims()).desc();
  }

  public static memory.data_type type(Precision precision) {
    return switch (precision) {
      case FLOAT32 -> memory.data_type.f32;
      case BFLOAT16 -> memory.data_type.bf16;
      case INT8 -> memory.data_type.s8;
    };
  }
}
