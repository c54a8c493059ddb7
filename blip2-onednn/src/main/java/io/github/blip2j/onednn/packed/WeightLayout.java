package io.github.blip2j.onednn.packed;

import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import org.bytedeco.dnnl.memory;

/**
 * How the weights of one size and type are stored.
 *
 * @param description the weight in oneDNN's words, with its axes as {@code kernel} wants them
 * @param reads what its products read
 * @param rows where single rows lie in it
 */
public record WeightLayout(
    Precision precision, Kernel kernel, memory.desc description, Reads reads, BlockedWeight rows) {

  // Layouts are asked for with a few hundred rows: what serves one row best is twice as slow for
  // many, and the other way round nothing is lost.
  public static final long TYPICAL_ROWS = 256;

  public static WeightLayout of(
      Precision precision, Kernel kernel, memory.desc description, Reads reads, long K) {
    int inputs = kernel == Kernel.CONVOLUTION ? 1 : description.get_ndims() - 2;
    int outputs = kernel == Kernel.CONVOLUTION ? 0 : description.get_ndims() - 1;
    BlockedWeight rows = new BlockedWeight(description, inputs, outputs, precision, K);
    return new WeightLayout(precision, kernel, description, reads, rows);
  }

  /** Kind of oneDNN's operations. */
  public enum Kernel {
    /** By a weight [K, N], of rank 3 where that has the faster kernels. */
    PRODUCT,
    /** By a weight [N, K, 1]: see {@link Pointwise}. */
    CONVOLUTION
  }

  /** Inputs of a product. */
  public enum Reads {
    /** As they are; a narrower weight is widened on its way into the product. */
    FLOAT32,
    /** Rounded, where the CPU multiplies bfloat16. */
    BFLOAT16,
    /** Rounded to rows of bytes. */
    BYTES
  }

  /** What may be kept between two maps, for it would be rounded to it anyway. */
  DType input() {
    return reads == Reads.BFLOAT16 ? DType.BFLOAT16 : DType.FLOAT32;
  }

  /** A weight [N, K] without blocks, by outputs as weights come, or by inputs. */
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
