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
 * A weight [N, K] as the transposed, blocked matrix [K, N] that oneDNN's products read in order,
 * followed by a scale for each output where it is int8.
 */
final class PackedMatrix extends Packing {
  private static final long ALIGNMENT = 64;

  private final ThreadLocal<Calls> calls;
  private final Precision precision;
  private final memory.desc description;
  private final DType input;
  private final long scalesAt;

  private PackedMatrix(
      Tensor bytes,
      Shape shape,
      ThreadLocal<Calls> calls,
      Precision precision,
      memory.desc description,
      DType input) {
    super(bytes, shape);
    this.input = input;
    this.calls = calls;
    this.precision = precision;
    this.description = description;
    this.scalesAt = aligned(description.get_size());
  }

  /** Packs a plain matrix; {@code layout} is what its products ask for, {@code input} they read. */
  static PackedMatrix of(
      ThreadLocal<Calls> calls,
      Tensor weight,
      Precision precision,
      memory.desc layout,
      DType input) {
    long scales = precision == Precision.INT8 ? weight.dim(0) * Float.BYTES : 0;
    Tensor bytes =
        Tensor.uninitialized("pack", DType.UINT8, Shape.of(aligned(layout.get_size()) + scales));
    PackedMatrix packed = new PackedMatrix(bytes, weight.shape(), calls, precision, layout, input);
    try (Scope scope = Scope.open()) {
      packed.fill(weight);
    }
    return packed;
  }

  private void fill(Tensor weight) {
    if (precision == Precision.INT8) {
      Int8Rows rows = Int8Rows.of(weight);
      // Turned over first: from rows of outputs straight into blocks takes seven times as long.
      Tensor turned = Tensor.uninitialized("pack", DType.UINT8, Shape.of(rows.shape().size()));
      memory.desc byInput = plain(memory.data_type.s8, true);
      reorder(
          rows.values().address(), plain(memory.data_type.s8, false), turned.address(), byInput);
      reorder(turned.address(), byInput, address(), description);
      Memory.copy(rows.scales().address(), scales(), weight.dim(0) * Float.BYTES);
    } else {
      // No reorder takes float16 into every layout; it is rare, and read once.
      Tensor source = weight.dtype() == DType.FLOAT16 ? weight.to(DType.FLOAT32) : weight;
      memory.desc plain = plain(Layout.type(source.dtype()), false);
      reorder(source.address(), plain, address(), description);
    }
  }

  /** The matrix [K, N] without blocks, by inputs or, as weights are stored, by outputs. */
  private memory.desc plain(memory.data_type type, boolean byInput) {
    long N = shape().dim(0);
    long K = shape().dim(1);
    long[] strides = byInput ? new long[] {N, 1} : new long[] {1, K};
    return Layout.of(type, new long[] {K, N}, strides).padded(description.get_ndims()).desc();
  }

  private void reorder(long from, memory.desc source, long to, memory.desc target) {
    Call call = Copies.reorder(calls.get(), source, target);
    call.run(from, to);
    call.close(); // each weight is packed once
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
    return description;
  }

  @Override
  public Precision precision() {
    return precision;
  }

  @Override
  public DType input() {
    return input;
  }

  @Override
  public void unpack(long first, Tensor out) {
    if (first == 0 && out.dim(0) == shape().dim(0) && precision != Precision.INT8) {
      unpackAll(out);
      return;
    }
    BlockedRows rows = new BlockedRows(description, precision, address());
    Memory scales = Memory.at(scales(), shape().dim(0) * Float.BYTES);
    float[] values = new float[Math.toIntExact(shape().dim(1))];
    long bytesPerRow = (long) values.length * Float.BYTES;
    for (long i = 0; i < out.dim(0); i++) {
      rows.read(first + i, values);
      if (precision == Precision.INT8) {
        scale(values, scales.getFloat((first + i) * Float.BYTES));
      }
      Memory.bytes(out.address() + i * bytesPerRow, bytesPerRow).asFloatBuffer().put(values);
    }
  }

  private static void scale(float[] values, float factor) {
    for (int k = 0; k < values.length; k++) {
      values[k] *= factor;
    }
  }

  private void unpackAll(Tensor out) {
    reorder(address(), description, out.address(), plain(Layout.type(out.dtype()), false));
  }
}
