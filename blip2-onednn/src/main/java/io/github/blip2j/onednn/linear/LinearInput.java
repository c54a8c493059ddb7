package io.github.blip2j.onednn.linear;

import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.onednn.int8.QuantizedActivations;
import io.github.blip2j.onednn.packed.ByteRange;
import io.github.blip2j.onednn.primitive.CopyKernels;
import io.github.blip2j.onednn.primitive.PrimitivePool;
import io.github.blip2j.tensor.types.DType;
import org.jspecify.annotations.Nullable;

/**
 * What linear maps read, rounded once for all of those that want it rounded in the same way. What
 * rounding makes belongs to the scope in which it is first asked for.
 */
final class LinearInput {
  private final PrimitivePool calls;
  private final CopyKernels copies;
  private final RawTensor x;
  private final long width;
  private final ByteRange bits;
  private @Nullable RawTensor narrow;
  private @Nullable QuantizedActivations bytes;

  /** Dense rows [..., K] of float32, or of bfloat16 where all maps read that. */
  LinearInput(PrimitivePool calls, CopyKernels copies, RawTensor x, long width, ByteRange bits) {
    this.calls = calls;
    this.copies = copies;
    this.x = x;
    this.width = width;
    this.bits = bits;
  }

  /** As it came. */
  RawTensor exact() {
    return x;
  }

  /** Vectors to be mapped. */
  long rows() {
    return x.size() / width;
  }

  /** In bfloat16. */
  RawTensor narrow() {
    if (narrow == null) {
      narrow = copies.cast(x, DType.BFLOAT16);
    }
    return narrow;
  }

  /** In bytes. */
  QuantizedActivations bytes() {
    if (bytes == null) {
      bytes = QuantizedActivations.of(calls, x, rows(), width, bits);
    }
    return bytes;
  }
}
