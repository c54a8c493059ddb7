package io.github.blip2j.onednn.primitive;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.tensor.types.DType;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;

/** Copies with strides and casts. */
public final class CopyKernels {
  private static final int PIECES = 64; // more memcpy calls than this cost more than one kernel

  private final PrimitivePool calls;
  private final Cpu cpu;
  private final Kernels reference;

  public CopyKernels(PrimitivePool calls, Cpu cpu, Kernels reference) {
    this.calls = calls;
    this.cpu = cpu;
    this.reference = reference;
  }

  public void copy(RawTensor source, RawTensor target) {
    if (source.dtype() == target.dtype() && copyPieces(source, target)) {
      return;
    }
    if (!isReal(source.dtype()) || !isReal(target.dtype())) {
      reference.copy(source, target);
      return;
    }
    boolean casts = source.dtype() != target.dtype();
    boolean slow = !cpu.wide() && (casts || source.dtype() == DType.BFLOAT16) && source.size() > 0;
    if (!slow) {
      move(Layout.of(source), source, Layout.of(target), target);
    } else if (casts) {
      cast(source, target);
    } else {
      move(Layout.of(source).bytes(), source, Layout.of(target).bytes(), target);
    }
  }

  /** A tensor cast to another type, or the tensor itself if it has that type. */
  public RawTensor cast(RawTensor x, DType type) {
    if (x.dtype() == type) {
      return x;
    }
    RawTensor out = PlainTensor.uninitialized(x, "copy", type, x.shape());
    if (x.size() > 0) {
      copy(x, out);
    }
    return out;
  }

  private void move(Layout from, RawTensor source, Layout to, RawTensor target) {
    calls.run(
        PrimitiveKey.of("copy", from, to),
        here -> reorder(here, from.desc(), to.desc()),
        source.address(),
        target.address());
  }

  /**
   * Casts by a loop over dense memory, with copies before and after it where an operand is not
   * dense.
   */
  private void cast(RawTensor source, RawTensor target) {
    try (Workspace workspace = Workspace.open()) {
      RawTensor from = source;
      if (!source.isDense()) {
        from = PlainTensor.uninitialized(source, "copy", source.dtype(), source.shape());
        copy(source, from);
      }
      if (target.isDense()) {
        CastKernels.run(calls.team().size(), from, target);
      } else {
        RawTensor to = PlainTensor.uninitialized(target, "copy", target.dtype(), target.shape());
        CastKernels.run(calls.team().size(), from, to);
        copy(to, target);
      }
    }
  }

  /** A copy between two layouts. */
  public static Primitive reorder(PrimitiveCache here, memory.desc from, memory.desc to) {
    var pd =
        new reorder.primitive_desc(
            here.engine(), from, here.engine(), to, PrimitiveCache.attributes(), false);
    return new Primitive(here, new reorder(pd), pd)
        .operand(dnnl.DNNL_ARG_FROM, from)
        .operand(dnnl.DNNL_ARG_TO, to);
  }

  /** Whether the type needs no special path; not every reorder supports float16. */
  private static boolean isReal(DType type) {
    return type == DType.FLOAT32 || type == DType.BFLOAT16;
  }

  /**
   * Copies contiguous runs if there are few, as in a cache that grows by one position. The kernels
   * do not depend on the number of positions.
   */
  private static boolean copyPieces(RawTensor source, RawTensor target) {
    long[] dims = source.shape().toArray();
    long[] from = source.strides();
    long[] to = target.strides();
    int axis = dims.length - 1;
    long run = 1;
    while (axis >= 0 && (dims[axis] == 1 || (from[axis] == run && to[axis] == run))) {
      run *= dims[axis--];
    }
    int outer = axis + 1;
    long pieces = 1;
    for (int i = 0; i < outer; i++) {
      pieces *= dims[i];
    }
    if (pieces > PIECES) {
      return false;
    }
    int width = source.dtype().byteSize();
    long[] index = new long[outer];
    for (long piece = 0; piece < pieces; piece++) {
      long rest = piece;
      long here = 0;
      long there = 0;
      for (int i = outer - 1; i >= 0; i--) {
        index[i] = rest % dims[i];
        rest /= dims[i];
        here += index[i] * from[i];
        there += index[i] * to[i];
      }
      Memory.copy(source.address() + here * width, target.address() + there * width, run * width);
    }
    return true;
  }

  public void fill(RawTensor target, double value) {
    if (target.size() == 0) {
      return;
    }
    if (value == 0 && target.isDense()) {
      Memory.clear(target.address(), target.size() * target.dtype().byteSize());
    } else if (target.dtype() == DType.FLOAT32 && target.isDense()) {
      fillFloats(target, (float) value);
    } else {
      reference.fill(target, value);
    }
  }

  /** Fills by writing one element and doubling the written part. */
  private static void fillFloats(RawTensor target, float value) {
    long size = target.size() * Float.BYTES;
    Memory.bytes(target.address(), Float.BYTES).putFloat(0, value);
    for (long done = Float.BYTES; done < size; done *= 2) {
      Memory.copy(target.address(), target.address() + done, Math.min(done, size - done));
    }
  }
}
