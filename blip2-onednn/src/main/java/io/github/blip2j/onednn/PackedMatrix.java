package io.github.blip2j.onednn;

import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Int8Rows;
import io.github.blip2j.tensor.Packing;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import org.bytedeco.dnnl.memory;

/**
 * A weight [N, K] in the blocks that oneDNN's kernels read in order, followed by a scale for each
 * output where it is int8.
 */
final class PackedMatrix extends Packing {
  private static final long ALIGNMENT = 64;

  private final CallPool calls;
  private final Cpu cpu;
  private final Stored stored;
  private final long scalesAt;

  private PackedMatrix(Tensor bytes, Shape shape, CallPool calls, Cpu cpu, Stored stored) {
    super(bytes, shape);
    this.calls = calls;
    this.cpu = cpu;
    this.stored = stored;
    this.scalesAt = aligned(stored.description().get_size());
  }

  /** Packs a plain matrix. */
  static PackedMatrix of(CallPool calls, Cpu cpu, Tensor weight, Stored stored) {
    long scales = stored.precision() == Precision.INT8 ? weight.dim(0) * Float.BYTES : 0;
    long size = aligned(stored.description().get_size()) + scales;
    Tensor bytes = Tensor.uninitialized("pack", DType.UINT8, Shape.of(size));
    PackedMatrix packed = new PackedMatrix(bytes, weight.shape(), calls, cpu, stored);
    try (Scope scope = Scope.open()) {
      packed.fill(weight);
    }
    return packed;
  }

  private void fill(Tensor weight) {
    if (precision() == Precision.INT8) {
      fillBytes(weight);
      return;
    }
    // No reorder takes float16 into every layout; it is rare, and read once.
    // Nor does a quick one take bfloat16 into float32 on every CPU.
    boolean narrow = weight.dtype() == DType.BFLOAT16 && (isNarrow() || cpu.wide());
    Tensor source = narrow ? weight : weight.to(DType.FLOAT32);
    if (isNarrow() && !cpu.wide()) {
      stored.rows().write(threads(), source, address());
    } else {
      memory.desc plain = plain(Layout.type(source.dtype()), false);
      reorder(source.address(), plain, address(), description());
    }
  }

  private void fillBytes(Tensor weight) {
    Int8Rows rows = Int8Rows.of(weight);
    Memory.copy(rows.scales().address(), scales(), weight.dim(0) * Float.BYTES);
    if (kernel() == Stored.Kernel.CONVOLUTION) {
      memory.desc byOutput = plain(memory.data_type.s8, false);
      reorder(rows.values().address(), byOutput, address(), description());
      return;
    }
    // Turned over first: from rows of outputs straight into blocks takes seven times as long.
    Tensor turned = Tensor.uninitialized("pack", DType.UINT8, Shape.of(rows.shape().size()));
    memory.desc byInput = plain(memory.data_type.s8, true);
    reorder(rows.values().address(), plain(memory.data_type.s8, false), turned.address(), byInput);
    reorder(turned.address(), byInput, address(), description());
  }

  private memory.desc plain(memory.data_type type, boolean byInput) {
    return stored.plain(type, shape().dim(0), shape().dim(1), byInput);
  }

  private void reorder(long from, memory.desc source, long to, memory.desc target) {
    calls.once(here -> Copies.reorder(here, source, target), from, to); // each is packed once
  }

  private static long aligned(long size) {
    return (size + ALIGNMENT - 1) & -ALIGNMENT;
  }

  long address() {
    return bytes().address();
  }

  /** Where the scales of the outputs are, [N], float32. */
  long scales() {
    return address() + scalesAt;
  }

  memory.desc description() {
    return stored.description();
  }

  Stored.Kernel kernel() {
    return stored.kernel();
  }

  Stored.Reads reads() {
    return stored.reads();
  }

  @Override
  public Precision precision() {
    return stored.precision();
  }

  @Override
  public DType input() {
    return stored.input();
  }

  private boolean isNarrow() {
    return precision() == Precision.BFLOAT16;
  }

  private int threads() {
    return calls.team().size();
  }

  @Override
  public void unpack(long first, Tensor out) {
    boolean whole = first == 0 && out.dim(0) == shape().dim(0);
    boolean casts = isNarrow() || out.dtype() != DType.FLOAT32;
    if (whole && precision() != Precision.INT8 && (cpu.wide() || !casts)) {
      reorder(address(), description(), out.address(), plain(Layout.type(out.dtype()), false));
    } else if (out.dtype() == DType.BFLOAT16) {
      try (Scope scope = Scope.open()) {
        Tensor wide = Tensor.uninitialized("unpack", DType.FLOAT32, out.shape());
        readRows(first, wide);
        Casts.run(threads(), wide, out);
      }
    } else {
      readRows(first, out);
    }
  }

  private void readRows(long first, Tensor out) {
    BlockedRows rows = stored.rows();
    Memory scales = Memory.at(scales(), shape().dim(0) * Float.BYTES);
    int K = Math.toIntExact(shape().dim(1));
    Parts parts = new Parts(out.dim(0), K);
    parts.stream(threads())
        .forEach(
            part -> {
              float[] values = new float[K];
              for (long i = parts.first(part); i < parts.first(part + 1); i++) {
                rows.read(address(), first + i, values);
                if (precision() == Precision.INT8) {
                  scale(values, scales.getFloat((first + i) * Float.BYTES));
                }
                long size = (long) K * Float.BYTES;
                Memory.bytes(out.address() + i * size, size).asFloatBuffer().put(values);
              }
            });
  }

  private static void scale(float[] values, float factor) {
    for (int k = 0; k < values.length; k++) {
      values[k] *= factor;
    }
  }
}
