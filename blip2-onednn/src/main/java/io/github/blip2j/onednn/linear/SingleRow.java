package io.github.blip2j.onednn.linear;

import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.onednn.primitive.Primitive;
import io.github.blip2j.onednn.primitive.PrimitiveCache;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.inner_product_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.jspecify.annotations.Nullable;

/**
 * One float32 row times a plain weight. oneDNN's GEMM has a special loop for one row, which its
 * inner product calls. Without AVX-512 it reads the weight a tenth faster than the product kernel.
 */
final class SingleRow {
  private static final String KERNEL = "x64:gemm:jit";

  private SingleRow() {}

  /**
   * A primitive with the operands input, weight [N, K], result and, if present, bias; null if the
   * kernel is not available. The caller adds the operands of {@code after}.
   */
  static @Nullable Primitive call(
      PrimitiveCache here, long N, long K, boolean biased, post_ops after) {
    memory.desc in = Layout.matrix(1, K).desc();
    memory.desc weight = Layout.matrix(N, K).desc();
    memory.desc out = Layout.matrix(1, N).desc();
    memory.desc bias = Layout.dense(memory.data_type.f32, N).desc();
    var pd =
        new inner_product_forward.primitive_desc(
            here.engine(),
            prop_kind.forward_inference,
            in,
            weight,
            biased ? bias : new memory.desc(),
            out,
            PrimitiveCache.attributes(after),
            true);
    boolean there = pd.get(true) != null;
    while (there && !pd.impl_info_str().getString().equals(KERNEL)) {
      there = pd.next_impl();
    }
    if (!there) {
      return null;
    }
    Primitive call =
        new Primitive(here, new inner_product_forward(pd), pd)
            .operand(dnnl.DNNL_ARG_SRC, in)
            .operand(dnnl.DNNL_ARG_WEIGHTS, weight)
            .operand(dnnl.DNNL_ARG_DST, out);
    return biased ? call.operand(dnnl.DNNL_ARG_BIAS, bias) : call;
  }
}
