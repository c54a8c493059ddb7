package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Random;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products large enough for their right side to be copied into blocks first. */
@ExtendWith(InScope.class)
final class MatmulKernelsTest {
  private final Kernels kernels = new OneDnnKernels(Cpus.here());
  private final Random random = new Random(5);

  @ParameterizedTest
  @CsvSource({
    "70,300,260,false",
    "70,300,260,true",
    "64,1024,64,false",
    "63,300,260,false",
    "65,1030,1024,true"
  })
  void matmul_largeRightSide_matchesReference(int M, int K, int N, boolean leftTransposed) {
    Tensor a = leftTransposed ? normal(K, M).transpose() : normal(M, K);
    Tensor b = normal(K, N);
    Tensor out = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(M, N));
    Tensor expected = Tensor.uninitialized("test", DType.FLOAT32, Shape.of(M, N));

    kernels.matmul(a, b, out);

    Kernels.reference().matmul(a, b, expected);
    assertArrayEquals(expected.toFloats(), out.toFloats(), 1e-3f);
  }

  private Tensor normal(int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, rows, columns);
  }
}
