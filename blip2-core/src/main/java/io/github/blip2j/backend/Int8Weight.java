package io.github.blip2j.backend;

import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
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

  /** Rounds a dense float32 matrix [N, K], on its backend. */
  public static Int8Weight of(RawTensor weight) {
    long N = weight.dim(0);
    long scaleBytes = (N * Float.BYTES + 63) & -64; // rows begin on a cache line
    // One block of memory for both, so that one owner is enough.
    Shape matrix = weight.shape();
    Shape together = Shape.of(Math.addExact(scaleBytes, matrix.size()));
    Int8Weight rounded =
        on(PlainTensor.uninitialized(weight, "pack", DType.UINT8, together), matrix, scaleBytes);
    float[] factors = new float[Math.toIntExact(N)];
    long rows = Math.max(1, HostMemory.CHUNK / (matrix.dim(1) * Float.BYTES));
    for (long first = 0; first < N; first += rows) {
      rounded.round(weight, first, Math.min(rows, N - first), factors);
    }
    HostMemory.put(factors, rounded.scales);
    return rounded;
  }

  /** A matrix on memory that holds its scales and, {@code scaleBytes} further on, its rows. */
  static Int8Weight on(RawTensor memory, Shape matrix, long scaleBytes) {
    Layout scales = Layout.dense(Shape.of(matrix.dim(0)));
    return new Int8Weight(
        PlainTensor.view(memory, scaleBytes, matrix, Layout.denseStrides(matrix)),
        new PlainTensor(memory.storage, scales, DType.FLOAT32),
        matrix);
  }

  /** Rounds some rows, as many as one transfer takes, on all cores. */
  private void round(RawTensor wide, long first, long rows, float[] factors) {
    int K = Math.toIntExact(wide.dim(1));
    int parts = (int) Math.min(rows, Runtime.getRuntime().availableProcessors());
    try (HostWindow from =
            HostWindow.reading(wide, first * K * Float.BYTES, rows * K * Float.BYTES);
        HostWindow to = HostWindow.writing(bytes(), first * K, rows * K)) {
      FloatBuffer source = from.bytes().asFloatBuffer();
      ByteBuffer target = to.bytes();
      IntStream.range(0, parts)
          .parallel()
          .forEach(
              part -> {
                float[] values = new float[K];
                byte[] rounded = new byte[K];
                for (long i = rows * part / parts; i < rows * (part + 1) / parts; i++) {
                  int row = (int) i;
                  source.get(row * K, values);
                  factors[(int) first + row] = round(values, rounded);
                  target.put(row * K, rounded);
                }
              });
    }
  }

  /**
   * Quantizes a row.
   *
   * @param rounded receives as many bytes as there are values
   * @return the scale: a value is about a byte times the scale
   */
  public static float round(float[] values, byte[] rounded) {
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
    int K = Math.toIntExact(shape().dim(1));
    long count = out.size() / K;
    float[] factors = factors(first, count);
    byte[] row = new byte[K];
    float[] values = new float[K];
    long most = Math.max(1, HostMemory.CHUNK / ((long) K * Float.BYTES));
    for (long done = 0; done < count; done += most) {
      int rows = (int) Math.min(most, count - done);
      try (HostWindow from = HostWindow.reading(bytes(), (first + done) * K, (long) rows * K);
          HostWindow to =
              HostWindow.writing(out, done * K * Float.BYTES, (long) rows * K * Float.BYTES)) {
        FloatBuffer target = to.bytes().asFloatBuffer();
        for (int i = 0; i < rows; i++) {
          from.bytes().get(i * K, row);
          float factor = factors[Math.toIntExact(done + i)];
          for (int k = 0; k < K; k++) {
            values[k] = row[k] * factor;
          }
          target.put(i * K, values);
        }
      }
    }
  }

  private float[] factors(long first, long count) {
    float[] factors = new float[Math.toIntExact(count)];
    try (HostWindow window = HostWindow.reading(scales, first * Float.BYTES, count * Float.BYTES)) {
      window.bytes().asFloatBuffer().get(factors);
    }
    return factors;
  }
}
