package io.github.blip2j.onednn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.blip2j.backend.Kernels;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Linear maps of unpacked weights: one row, and fewer and more rows than GEMM is taken for. */
@ExtendWith(InScope.class)
final class LinearKernelsTest {
  private final Kernels kernels = new OneDnnKernels(Cpus.here());
  private final Kernels shortRegisters = new OneDnnKernels(Cpus.AVX2);
  private final Random random = new Random(5);

  @ParameterizedTest
  @CsvSource({
    "511,70,90,true,IDENTITY,false",
    "512,70,90,true,IDENTITY,false",
    "513,70,90,false,IDENTITY,false",
    "700,1,3,true,IDENTITY,false",
    "513,70,90,true,GELU,false",
    "513,70,90,true,IDENTITY,true",
    "1536,300,17,true,IDENTITY,false"
  })
  void linear_unpackedWeight_matchesReference(
      int M, int K, int N, boolean biased, Activation activation, boolean continued) {
    assertMatchesReference(kernels, M, K, N, biased, activation, continued);
  }

  @ParameterizedTest
  @CsvSource({
    "70,90,false,IDENTITY,false",
    "70,90,true,RELU,false",
    "70,90,true,GELU_TANH,false",
    "70,90,true,RELU,true",
    "300,17,false,IDENTITY,true",
    "5120,3,true,IDENTITY,true",
    "3,1,true,IDENTITY,false"
  })
  void linear_singleRowOnShortRegisters_matchesReference(
      int K, int N, boolean biased, Activation activation, boolean continued) {
    assertMatchesReference(shortRegisters, 1, K, N, biased, activation, continued);
  }

  private void assertMatchesReference(
      Kernels by, int M, int K, int N, boolean biased, Activation activation, boolean continued) {
    Tensor x = normal(M, K);
    Tensor weight = normal(N, K);
    Tensor bias = biased ? normal(1, N).reshape(N) : null;
    Tensor residual = continued ? normal(M, N) : null;
    Tensor expected = run(Kernels.reference(), x, weight, bias, activation, residual);
    Tensor apart = run(by, x, weight, bias, activation, residual);
    assertArrayEquals(expected.toFloats(), apart.toFloats(), 1e-3f);
    if (residual != null) {
      by.linear(x, weight, bias, activation, residual, residual);
      assertArrayEquals(expected.toFloats(), residual.toFloats(), 1e-3f, "in place");
    }
  }

  private static Tensor run(
      Kernels by,
      Tensor x,
      Tensor weight,
      @Nullable Tensor bias,
      Activation activation,
      @Nullable Tensor residual) {
    Shape shape = Shape.of(x.dim(0), weight.dim(0));
    Tensor out = Tensor.uninitialized("test", DType.FLOAT32, shape);
    by.linear(x, weight, bias, activation, residual, out);
    return out;
  }

  private Tensor normal(int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, rows, columns);
  }
}
