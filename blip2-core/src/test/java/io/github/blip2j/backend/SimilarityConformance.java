package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The largest product of each group's rows with a vector, against loops. */
interface SimilarityConformance {
  Kernels kernels();

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "3, 2, 5",
    "1, 32, 256",
    "7, 3, 64",
    "300, 32, 256",
    "513, 1, 300",
    "5, 1, 8192",
    "1025, 5, 33"
  })
  default void maxSimilarity_floats_matchesLoops(int groups, int perGroup, int width) {
    var samples = new Samples(DType.FLOAT32);
    double[] rows = samples.normal(groups, perGroup, width);
    double[] x = samples.normal(width);
    double[] expected = new double[groups];
    for (int n = 0; n < groups; n++) {
      expected[n] = Double.NEGATIVE_INFINITY;
      for (int q = 0; q < perGroup; q++) {
        double sum = 0;
        for (int p = 0; p < width; p++) {
          sum += rows[(n * perGroup + q) * width + p] * x[p];
        }
        expected[n] = Math.max(expected[n], sum);
      }
    }
    Tensor out = samples.out(groups);

    kernels()
        .maxSimilarity(
            samples.tensor(rows, groups, perGroup, width), samples.tensor(x, width), out);

    samples.assertClose(expected, out, 1e-5, 1e-12);
  }

  /** All bytes and the largest vectors, whose products of pairs would not fit 16 bits otherwise. */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "3, 2, 5",
    "1, 32, 256",
    "7, 3, 64",
    "300, 32, 256",
    "513, 1, 300",
    "5, 1, 65536",
    "1025, 5, 33"
  })
  default void maxSimilarity_bytes_isExact(int groups, int perGroup, int width) {
    var random = new Random(7);
    byte[] rows = new byte[groups * perGroup * width];
    random.nextBytes(rows);
    Arrays.fill(rows, 0, width, (byte) 255);
    float[] x = new float[width];
    for (int p = 0; p < width; p++) {
      x[p] = groups == 3 ? 63 : random.nextInt(127) - 63;
    }
    float[] expected = new float[groups];
    for (int n = 0; n < groups; n++) {
      long largest = Long.MIN_VALUE;
      for (int q = 0; q < perGroup; q++) {
        long sum = 0;
        for (int p = 0; p < width; p++) {
          sum += ((rows[(n * perGroup + q) * width + p] & 0xFF) - 128) * (long) x[p];
        }
        largest = Math.max(largest, sum);
      }
      expected[n] = largest;
    }
    Tensor out = new Samples(DType.FLOAT32).out(groups);
    Tensor vector = Tensor.of(x, width);
    try (Workspace workspace = Workspace.open()) {
      RawTensor bytes = bytes(out, rows, Shape.of(groups, perGroup, width));

      kernels().maxSimilarity(bytes, vector, out);
    }

    assertArrayEquals(expected, out.toFloats());
  }

  /** Bytes at an odd address of a buffer, as of a mapped file, or on a device. */
  private static RawTensor bytes(RawTensor beside, byte[] values, Shape shape) {
    if (beside.backend().memory().isHost()) {
      var file = ByteBuffer.allocateDirect(values.length + 3).put(new byte[3]).put(values);
      return HostMemory.view(beside.backend(), file.position(3), DType.UINT8, shape);
    }
    RawTensor bytes = PlainTensor.uninitialized(beside, "bytes", DType.UINT8, shape);
    try (HostWindow window = HostWindow.writing(bytes, 0, values.length)) {
      window.bytes().put(values);
    }
    return bytes;
  }

  @Test
  default void view_ofTooFewBytes_isRejected() {
    Backend backend = Tensor.of(new float[] {1}, 1).backend();
    if (!backend.memory().isHost()) {
      var some = ByteBuffer.allocateDirect(4);
      assertThrows(
          IllegalArgumentException.class,
          () -> HostMemory.view(backend, some, DType.FLOAT32, Shape.of(1)));
      return;
    }
    var four = ByteBuffer.allocateDirect(7).position(3);

    HostMemory.view(backend, four, DType.FLOAT32, Shape.of(1));

    assertThrows(
        IllegalArgumentException.class,
        () -> HostMemory.view(backend, four, DType.FLOAT32, Shape.of(2)));
    assertThrows(
        IllegalArgumentException.class,
        () -> HostMemory.view(backend, ByteBuffer.allocate(8), DType.FLOAT32, Shape.of(1)));
  }
}
