package io.github.blip2j.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.jspecify.annotations.Nullable;

/** Products of the last two axes of float32 tensors that lie as they like. */
final class Products {
  private final ThreadLocal<Calls> calls;

  Products(ThreadLocal<Calls> calls) {
    this.calls = calls;
  }

  /** An operand: how it lies, and where. */
  record Place(Layout layout, long address) {}

  /** Whether a kernel is there for operands that lie so. */
  static boolean fits(Layout... layouts) {
    for (Layout layout : layouts) {
      if (!layout.isMatrix()) {
        return false;
      }
    }
    return true;
  }

  /** out = a b. */
  void run(Place a, Place b, Place out) {
    run(a, b, 1, null, out);
  }

  /** out = scale a b + added, which may broadcast. */
  void run(Place a, Place b, double scale, @Nullable Place added, Place out) {
    Layout sum = added == null ? null : added.layout.padded(out.layout.rank());
    Key key =
        sum == null
            ? Key.of("matmul", a.layout, b.layout, out.layout)
            : Key.of("matmul", a.layout, b.layout, out.layout, sum);
    Call call =
        calls
            .get()
            .get(
                key.with(Float.floatToRawIntBits((float) scale)),
                () -> product(a.layout, b.layout, (float) scale, sum, out.layout));
    if (added == null) {
      call.run(a.address, b.address, out.address);
    } else {
      call.run(a.address, b.address, out.address, added.address);
    }
  }

  private Call product(Layout a, Layout b, float scale, @Nullable Layout added, Layout out) {
    Calls here = calls.get();
    memory.desc left = a.desc();
    memory.desc right = b.desc();
    memory.desc result = out.desc();
    post_ops after = new post_ops();
    if (scale != 1) {
      after.append_eltwise(algorithm.eltwise_linear, scale, 0);
    }
    if (added != null) {
      after.append_binary(algorithm.binary_add, added.desc());
    }
    var pd =
        new matmul.primitive_desc(
            here.engine(), left, right, result, Calls.attributes(after), false);
    Call call =
        new Call(here, new matmul(pd), pd)
            .operand(dnnl.DNNL_ARG_SRC, left)
            .operand(dnnl.DNNL_ARG_WEIGHTS, right)
            .operand(dnnl.DNNL_ARG_DST, result);
    if (added != null) {
      call.operand(Linears.afterOperand(scale == 1 ? 0 : 1), added.desc());
    }
    return call;
  }
}
