package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.stream.IntStream;

/**
 * A matrix in per-channel int8: bytes with one scale for each row, symmetric around zero; the
 * largest magnitude of a row is 127 (Dettmers et al. 2022, section 2).
 *
 * <p>This defines int8 in this library; a provider may use another layout of the same bytes.
 */
public final class Int8Weight extends PackedWeight {
  private static final int LARGEST = 127;

  private final RawTensor scales;

  private Int8Weight(RawTensor bytes, RawTensor scales, Shape shape) {
    super(bytes, shape);
    this.scales = scales;
  }

  /** Rounds a dense float32 matrix [N, K]. */
  public static Int8Weight of(RawTensor weight) {
    long N = weight.dim(0);
    long scaleBytes = (N * Float.BYTES + 63) & -64; // rows begin on a cache line
    // One block of memory for both, so that one owner is enough.
    Shape matrix = weight.shape();
    Shape together = Shape.of(Math.addExact(scaleBytes, matrix.size()));
    RawTensor memory = PlainTensor.uninitialized("pack", DType.UINT8, together);
    RawTensor scales = new PlainTensor(memory.storage, Layout.dense(Shape.of(N)), DType.FLOAT32);
    RawTensor bytes = PlainTensor.view(memory, scaleBytes, matrix, Layout.denseStrides(matrix));
    int parts = (int) Math.min(N, Runtime.getRuntime().availableProcessors());
    IntStream.range(0, parts)
        .parallel()
        .forEach(part -> round(weight, scales, bytes, N * part / parts, N * (part + 1) / parts));
    return new Int8Weight(bytes, scales, matrix);
  }

  private static void round(RawTensor wide, RawTensor scales, RawTensor bytes, long from, long to) {
    long K = wide.dim(1);
    float[] values = new float[Math.toIntExact(K)];
    byte[] rounded = new byte[values.length];
    for (long row = from; row < to; row++) {
      floats(wide, row * K, K).get(values);
      floats(scales, row, 1).put(round(values, rounded));
      bytes(bytes, row, K).put(rounded);
    }
  }

  /** Quantizes a row and returns its scale. */
  private static float round(float[] values, byte[] rounded) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    float inverse = largest == 0 ? 0 : LARGEST / largest;
    for (int i = 0; i < values.length; i++) {
      // Shifted to positive before truncation, which rounds to nearest.
      rounded[i] = (byte) ((int) (values[i] * inverse + LARGEST + 1.5f) - (LARGEST + 1));
    }
    return largest / LARGEST;
  }

  /** The bytes, signed, [N, K], dense. */
  public RawTensor values() {
    return bytes();
  }

  /** The scale of each row, [N]. */
  public RawTensor scales() {
    return scales;
  }

  @Override
  public Precision precision() {
    return Precision.INT8;
  }

  @Override
  public void unpack(long first, RawTensor out) {
    long K = shape().dim(1);
    byte[] row = new byte[Math.toIntExact(K)];
    float[] values = new float[row.length];
    FloatBuffer scale = floats(scales, 0, shape().dim(0));
    for (long i = 0; i < out.size() / K; i++) {
      bytes(bytes(), first + i, K).get(row);
      float factor = scale.get(Math.toIntExact(first + i));
      for (int k = 0; k < row.length; k++) {
        values[k] = row[k] * factor;
      }
      floats(out, i * K, K).put(values);
    }
  }

  private static FloatBuffer floats(RawTensor plain, long from, long count) {
    ByteBuffer bytes = HostMemory.bytes(plain.address() + from * Float.BYTES, count * Float.BYTES);
    return bytes.order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  private static ByteBuffer bytes(RawTensor plain, long row, long width) {
    return HostMemory.bytes(plain.address() + row * width, width);
  }
}
