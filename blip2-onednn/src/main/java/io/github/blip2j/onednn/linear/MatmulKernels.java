package io.github.blip2j.onednn.linear;

import io.github.blip2j.onednn.primitive.Algorithms;
import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.onednn.primitive.Place;
import io.github.blip2j.onednn.primitive.Primitive;
import io.github.blip2j.onednn.primitive.PrimitiveCache;
import io.github.blip2j.onednn.primitive.PrimitiveKey;
import io.github.blip2j.onednn.primitive.PrimitivePool;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.jspecify.annotations.Nullable;

/** Products of the last two axes of float32 tensors with any strides. */
public final class MatmulKernels {
  private static final long MANY_ROWS = 64;
  private static final long LARGE = 1 << 16; // numbers, 256 KiB
  // Multiplications that one core does while another wakes: attention of one position over some
  // fifty in decoding.
  private static final long SMALL = 1 << 18;

  private final PrimitivePool calls;

  public MatmulKernels(PrimitivePool calls) {
    this.calls = calls;
  }

  /** Whether a kernel supports operands with these layouts. */
  public static boolean fits(Layout... layouts) {
    for (Layout layout : layouts) {
      if (!layout.isMatrix()) {
        return false;
      }
    }
    return true;
  }

  /** out = a b. */
  public void run(Place a, Place b, Place out) {
    run(a, b, 1, null, out);
  }

  /**
   * Whether oneDNN's GEMM is faster than its product kernel: if b is large, used for many rows, and
   * contiguous by rows, as in the gradients of linear maps. GEMM packs both sides; the kernel packs
   * only a transposed b, and runs at half its speed on any other.
   */
  private static boolean wantsGemm(Layout a, Layout b, Layout out) {
    return b.isFloat()
        && b.rank() == 2
        && a.dim(0) >= MANY_ROWS
        && b.dim(0) * b.dim(1) >= LARGE
        && Gemm.reads(a)
        && Gemm.liesByRows(b)
        && Gemm.liesByRows(out);
  }

  /** out = scale a b + added, which may broadcast. */
  public void run(Place a, Place b, double scale, @Nullable Place added, Place out) {
    if (scale == 1 && added == null && wantsGemm(a.layout(), b.layout(), out.layout())) {
      Gemm.run(a, b, out);
      return;
    }
    Layout sum = added == null ? null : added.layout().padded(out.layout().rank());
    PrimitiveKey key =
        sum == null
            ? PrimitiveKey.of("matmul", a.layout(), b.layout(), out.layout())
            : PrimitiveKey.of("matmul", a.layout(), b.layout(), out.layout(), sum);
    boolean small = out.layout().size() * a.layout().dim(-1) <= SMALL;
    long[] operands =
        added == null
            ? new long[] {a.address(), b.address(), out.address()}
            : new long[] {a.address(), b.address(), out.address(), added.address()};
    calls.run(
        key.with(Float.floatToRawIntBits((float) scale)),
        small,
        here -> product(here, a.layout(), b.layout(), (float) scale, sum, out.layout()),
        operands);
  }

  private static Primitive product(
      PrimitiveCache here, Layout a, Layout b, float scale, @Nullable Layout added, Layout out) {
    post_ops after = new post_ops();
    if (scale != 1) {
      after.append_eltwise(algorithm.eltwise_linear, scale, 0);
    }
    if (added != null) {
      after.append_binary(algorithm.binary_add, added.desc());
    }
    Primitive call = product(here, a.desc(), b.desc(), after, out.desc());
    if (added != null) {
      call.operand(Algorithms.afterOperand(scale == 1 ? 0 : 1), added.desc());
    }
    return call;
  }

  private static Primitive product(
      PrimitiveCache here, memory.desc a, memory.desc b, post_ops after, memory.desc out) {
    var pd =
        new matmul.primitive_desc(
            here.engine(), a, b, out, PrimitiveCache.attributes(after), false);
    return new Primitive(here, new matmul(pd), pd)
        .operand(dnnl.DNNL_ARG_SRC, a)
        .operand(dnnl.DNNL_ARG_WEIGHTS, pd.weights_desc())
        .operand(dnnl.DNNL_ARG_DST, out);
  }
}
