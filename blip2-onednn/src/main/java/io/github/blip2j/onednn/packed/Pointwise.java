package io.github.blip2j.onednn.packed;

import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.onednn.primitive.Primitive;
import io.github.blip2j.onednn.primitive.PrimitiveCache;
import io.github.blip2j.tensor.types.Precision;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.javacpp.IntPointer;
import org.jspecify.annotations.Nullable;

/**
 * Linear maps with a packed weight as pointwise convolutions: rows are positions, inputs and
 * outputs are channels, and the memory is the same. Without AVX-512 these kernels of oneDNN are
 * faster than those for products, in int8 three times.
 */
public final class Pointwise {
  // Other implementations come first, or need another layout for another number of rows. With
  // AVX-VNNI the name of the second ends differently.
  private static final String OF_FLOATS = "jit_1x1:avx2";
  private static final String OF_BYTES = "jit_uni_int8_1x1:avx2";
  private static final int OUTPUT_AXIS = 1;
  // The byte of the input that represents zero; the kernel subtracts its product with the weights.
  private static final IntPointer ZERO = new IntPointer(new int[] {ByteRange.SEVEN.zero()});

  private Pointwise() {}

  /** The sizes of a product: rows, outputs and inputs. */
  public record Size(long M, long N, long K) {}

  /** The kernel's layout of a weight [N, K, 1], or null if the kernel is not available. */
  public static memory.@Nullable desc layout(engine cpu, Precision precision, long N, long K) {
    memory.desc any =
        new memory.desc(new long[] {N, K, 1}, WeightLayout.type(precision), memory.format_tag.any);
    var pd =
        description(cpu, any, new Size(WeightLayout.TYPICAL_ROWS, N, K), false, new post_ops());
    return pd == null ? null : pd.weights_desc();
  }

  /**
   * A primitive with the operands input, weight and result, then for int8 the scales of the outputs
   * and the input's {@link #zero}, then the bias if there is one. The caller adds the operands of
   * {@code after}.
   */
  public static Primitive call(
      PrimitiveCache here, memory.desc weight, Size size, boolean biased, post_ops after) {
    var pd = description(here.engine(), weight, size, biased, after);
    if (pd == null) {
      throw new IllegalStateException(
          "linear: oneDNN has a layout for " + size + ", but no kernel");
    }
    Primitive call =
        new Primitive(here, new convolution_forward(pd), pd)
            .operand(dnnl.DNNL_ARG_SRC, input(weight, size))
            .operand(dnnl.DNNL_ARG_WEIGHTS, weight)
            .operand(dnnl.DNNL_ARG_DST, rows(memory.data_type.f32, size.M, size.N));
    if (isBytes(weight)) {
      call.operand(dnnl.DNNL_ARG_ATTR_SCALES | dnnl.DNNL_ARG_WEIGHTS, vector(size.N));
      memory.desc one = Layout.dense(memory.data_type.s32, 1).desc();
      call.operand(dnnl.DNNL_ARG_ATTR_ZERO_POINTS | dnnl.DNNL_ARG_SRC, one);
    }
    return biased ? call.operand(dnnl.DNNL_ARG_BIAS, vector(size.N)) : call;
  }

  /** The address of the byte that represents zero in an int8 input. */
  public static long zero() {
    return ZERO.address();
  }

  /** A matrix [rows, channels] as an input of a convolution: [1, channels, rows]. */
  public static memory.desc rows(memory.data_type type, long rows, long channels) {
    long[] dims = {1, channels, rows};
    long[] strides = {rows * channels, 1, channels};
    return Layout.of(type, dims, strides).desc();
  }

  private static memory.desc input(memory.desc weight, Size size) {
    return rows(isBytes(weight) ? memory.data_type.u8 : memory.data_type.f32, size.M, size.K);
  }

  private static boolean isBytes(memory.desc weight) {
    // Interned, because JavaCPP makes a new enum constant from its argument.
    return weight.get_data_type().intern() == memory.data_type.s8;
  }

  private static memory.desc vector(long length) {
    return Layout.dense(memory.data_type.f32, length).desc();
  }

  private static convolution_forward.@Nullable primitive_desc description(
      engine cpu, memory.desc weight, Size size, boolean biased, post_ops after) {
    boolean bytes = isBytes(weight);
    primitive_attr attributes = PrimitiveCache.attributes(after);
    if (bytes) {
      attributes.set_scales_mask(dnnl.DNNL_ARG_WEIGHTS, OUTPUT_AXIS);
      attributes.set_zero_points_mask(dnnl.DNNL_ARG_SRC, 0);
    }
    memory.desc in = input(weight, size);
    memory.desc out = rows(memory.data_type.f32, size.M, size.N);
    memory.desc bias = biased ? vector(size.N) : new memory.desc();
    long[] step = {1};
    long[] padding = {0};
    var pd =
        new convolution_forward.primitive_desc(
            cpu,
            prop_kind.forward_inference,
            algorithm.convolution_direct,
            in,
            weight,
            bias,
            out,
            step,
            padding,
            padding,
            attributes,
            true);
    String wanted = bytes ? OF_BYTES : OF_FLOATS;
    boolean there = pd.get(true) != null;
    while (there && !pd.impl_info_str().getString().startsWith(wanted)) {
      there = pd.next_impl();
    }
    return there ? pd : null;
  }
}
