package io.github.blip2j.onednn.packed;

import io.github.blip2j.backend.Int8Weight;
import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.onednn.primitive.CastKernels;
import io.github.blip2j.onednn.primitive.CopyKernels;
import io.github.blip2j.onednn.primitive.Cpu;
import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.onednn.primitive.Memory;
import io.github.blip2j.onednn.primitive.ParallelChunks;
import io.github.blip2j.onednn.primitive.PrimitivePool;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import org.bytedeco.dnnl.memory;

/** A weight [N, K] in oneDNN's blocked layout, for int8 followed by a scale for each output. */
public final class PackedMatrix extends PackedWeight {
  private static final long ALIGNMENT = 64;

  private final PrimitivePool calls;
  private final Cpu cpu;
  private final WeightLayout stored;
  private final long scalesAt;

  private PackedMatrix(
      RawTensor bytes, Shape shape, PrimitivePool calls, Cpu cpu, WeightLayout stored) {
    super(bytes, shape);
    this.calls = calls;
    this.cpu = cpu;
    this.stored = stored;
    this.scalesAt = aligned(stored.description().get_size());
  }

  /** Packs a plain matrix. */
  public static PackedMatrix of(
      PrimitivePool calls, Cpu cpu, CopyKernels copies, RawTensor weight, WeightLayout stored) {
    long scales = stored.precision() == Precision.INT8 ? weight.dim(0) * Float.BYTES : 0;
    long size = aligned(stored.description().get_size()) + scales;
    RawTensor bytes = PlainTensor.uninitialized(weight, "pack", DType.UINT8, Shape.of(size));
    PackedMatrix packed = new PackedMatrix(bytes, weight.shape(), calls, cpu, stored);
    try (Workspace workspace = Workspace.open()) {
      packed.fill(weight, copies);
    }
    return packed;
  }

  private void fill(RawTensor weight, CopyKernels copies) {
    if (precision() == Precision.INT8) {
      fillBytes(copies.cast(weight, DType.FLOAT32));
      return;
    }
    // No reorder writes float16 to every layout; float16 is rare and read once.
    // Nor is there a fast one from bfloat16 to float32 on every CPU.
    boolean narrow = weight.dtype() == DType.BFLOAT16 && (isNarrow() || cpu.wide());
    RawTensor source = narrow ? weight : copies.cast(weight, DType.FLOAT32);
    if (isNarrow() && !cpu.wide()) {
      stored.rows().write(threads(), source, address());
    } else {
      memory.desc plain = plain(Layout.type(source.dtype()), false);
      reorder(source.address(), plain, address(), description());
    }
  }

  private void fillBytes(RawTensor weight) {
    Int8Weight rows = Int8Weight.of(weight);
    Memory.copy(rows.scales().address(), scales(), weight.dim(0) * Float.BYTES);
    if (kernel() == WeightLayout.Kernel.CONVOLUTION) {
      memory.desc byOutput = plain(memory.data_type.s8, false);
      reorder(rows.values().address(), byOutput, address(), description());
      return;
    }
    // Transposed first: from rows of outputs directly to blocks takes seven times as long.
    RawTensor turned =
        PlainTensor.uninitialized(weight, "pack", DType.UINT8, Shape.of(rows.shape().size()));
    memory.desc byInput = plain(memory.data_type.s8, true);
    reorder(rows.values().address(), plain(memory.data_type.s8, false), turned.address(), byInput);
    reorder(turned.address(), byInput, address(), description());
  }

  private memory.desc plain(memory.data_type type, boolean byInput) {
    return stored.plain(type, shape().dim(0), shape().dim(1), byInput);
  }

  private void reorder(long from, memory.desc source, long to, memory.desc target) {
    calls.once(here -> CopyKernels.reorder(here, source, target), from, to); // not cached
  }

  private static long aligned(long size) {
    return (size + ALIGNMENT - 1) & -ALIGNMENT;
  }

  public long address() {
    return bytes().address();
  }

  /** The address of the scales of the outputs, [N], float32. */
  public long scales() {
    return address() + scalesAt;
  }

  public memory.desc description() {
    return stored.description();
  }

  public WeightLayout.Kernel kernel() {
    return stored.kernel();
  }

  public WeightLayout.Reads reads() {
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
  public void unpack(long first, RawTensor out) {
    boolean whole = first == 0 && out.dim(0) == shape().dim(0);
    boolean casts = isNarrow() || out.dtype() != DType.FLOAT32;
    if (whole && precision() != Precision.INT8 && (cpu.wide() || !casts)) {
      reorder(address(), description(), out.address(), plain(Layout.type(out.dtype()), false));
    } else if (out.dtype() == DType.BFLOAT16) {
      try (Workspace workspace = Workspace.open()) {
        RawTensor wide = PlainTensor.uninitialized(out, "unpack", DType.FLOAT32, out.shape());
        readRows(first, wide);
        CastKernels.run(threads(), wide, out);
      }
    } else {
      readRows(first, out);
    }
  }

  private void readRows(long first, RawTensor out) {
    BlockedWeight rows = stored.rows();
    Memory scales = Memory.at(scales(), shape().dim(0) * Float.BYTES);
    int K = Math.toIntExact(shape().dim(1));
    ParallelChunks parts = new ParallelChunks(out.dim(0), K);
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
