package io.github.blip2j.onednn;

import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.onednn.primitive.Memory;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The number of cache positions that a new position attends to, rounded up to whole blocks.
 *
 * <p>A cache has one more position with every token, and a kernel for exactly that many would have
 * to be compiled for every token, a millisecond each. The cache's memory beyond its filled
 * positions is allocated and finite, so kernels read to the end of a block, and a mask hides the
 * surplus: its probability is exactly zero.
 */
final class CacheSpan {
  private static final int BLOCK = 32;
  private static final int FEW_TARGETS = 16; // of one token: the heads of a group
  private static final float HIDDEN = -1e9f; // rounds a float32 score away

  private CacheSpan() {}

  /** The number of positions to read, at least the filled ones. */
  static long of(RawTensor q, RawTensor k, RawTensor v, @Nullable RawTensor mask) {
    long shown = k.dim(1);
    boolean step = q.dim(1) <= FEW_TARGETS && (mask == null || mask.dim(-1) == shown);
    long there = Math.min(there(k), there(v));
    long blocks = (shown + BLOCK - 1) / BLOCK * BLOCK;
    return step && there > shown ? Math.min(there, blocks) : shown;
  }

  /** The number of allocated positions in every row, from the first one on. */
  private static long there(RawTensor x) {
    long[] strides = x.strides();
    long beforeLastRow = (x.dim(0) - 1) * strides[0];
    boolean byPosition = strides[1] >= x.dim(2) * x.dim(3);
    return byPosition ? Math.min(strides[0], x.room() - beforeLastRow) / strides[1] : 0;
  }

  /** The mask, with all positions from {@code shown} on hidden. */
  static RawTensor hide(RawTensor q, @Nullable RawTensor mask, long shown, long span) {
    long rows = mask == null ? 1 : mask.size() / shown;
    long[] dims = {1, 1, 1, span};
    for (int i = 1; mask != null && i < mask.rank(); i++) {
      dims[3 - i] = mask.dim(-1 - i);
    }
    RawTensor longer = PlainTensor.uninitialized(q, "attention", DType.FLOAT32, Shape.of(dims));
    float[] row = new float[Math.toIntExact(span)];
    Arrays.fill(row, (int) shown, row.length, HIDDEN);
    FloatBuffer into = Memory.bytes(longer.address(), rows * span * Float.BYTES).asFloatBuffer();
    for (long r = 0; r < rows; r++) {
      if (mask != null) {
        long size = shown * Float.BYTES;
        Memory.bytes(mask.address() + r * size, size).asFloatBuffer().get(row, 0, (int) shown);
      }
      into.put(row);
    }
    return longer;
  }
}
