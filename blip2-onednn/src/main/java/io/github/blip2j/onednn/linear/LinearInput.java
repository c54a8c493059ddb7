package io.github.blip2j.onednn.linear;

import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.onednn.int8.QuantizedActivations;
import io.github.blip2j.onednn.packed.ByteRange;
import io.github.blip2j.onednn.primitive.CopyKernels;
import io.github.blip2j.onednn.primitive.PrimitivePool;
import io.github.blip2j.tensor.types.DType;
import org.jspecify.annotations.Nullable;

/**
 * The input of several linear maps, rounded once for all maps with the same input type. Rounded
 * copies belong to the scope of their first use.
 */
final class LinearInput {
  private final PrimitivePool calls;
  private final CopyKernels copies;
  private final RawTensor x;
  private final long width;
  private final ByteRange bits;
  private @Nullable RawTensor narrow;
  private @Nullable QuantizedActivations bytes;

  /** An input of dense rows [..., K]: float32, or bfloat16 if all maps read that. */
  LinearInput(PrimitivePool calls, CopyKernels copies, RawTensor x, long width, ByteRange bits) {
    this.calls = calls;
    this.copies = copies;
    this.x = x;
    this.width = width;
    this.bits = bits;
  }

  /** The input without rounding. */
  RawTensor exact() {
    return x;
  }

  /** The number of rows. */
  long rows() {
    return x.size() / width;
  }

  /** The input in bfloat16. */
  RawTensor narrow() {
    if (narrow == null) {
      narrow = copies.cast(x, DType.BFLOAT16);
    }
    return narrow;
  }

  /** The input in bytes. */
  QuantizedActivations bytes() {
    if (bytes == null) {
      bytes = QuantizedActivations.of(calls, x, rows(), width, bits);
    }
    return bytes;
  }
}
