package io.github.blip2j.vision;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Patches against a convolution in plain loops. */
final class PatchEmbeddingTest {
  private static final int P = TinyVision.PATCH;
  private static final int E = TinyVision.DIM;

  @ParameterizedTest
  @CsvSource({
    "2,12,12",
    "1,8,20", // not square
    "2,4,4", // one patch
    "2,11,15" // pixels beyond the last whole patch
  })
  void forward_equalsConvolution(int batch, int height, int width) {
    try (var scope = Scope.open()) {
      Params params = NoisyWeights.params(scope, 3);
      var patches = new PatchEmbedding(TinyVision.config(1), params);
      Tensor pixels = NoisyWeights.tensor(new Random(7), batch, 3, height, width);

      Tensor y = patches.forward(pixels);

      y.shape().require("test", "y", batch, (long) (height / P) * (width / P), E);
      float[] expected =
          convolved(
              pixels.toFloats(), values(params, "weight"), values(params, "bias"), height, width);
      Golden.assertClose("patches", expected, y.toFloats(), 2e-5);
    }
  }

  private static float[] convolved(
      float[] pixels, float[] weight, float[] bias, int height, int width) {
    int rows = height / P;
    int columns = width / P;
    float[] out = new float[pixels.length / 3 / height / width * rows * columns * E];
    for (int i = 0; i < out.length; i++) {
      int e = i % E;
      int column = i / E % columns;
      int row = i / E / columns % rows;
      int b = i / E / columns / rows;
      double sum = bias[e];
      for (int j = 0; j < 3 * P * P; j++) {
        int x = j % P;
        int y = j / P % P;
        int channel = j / P / P;
        int at = ((b * 3 + channel) * height + row * P + y) * width + column * P + x;
        sum += (double) pixels[at] * weight[e * 3 * P * P + j];
      }
      out[i] = (float) sum;
    }
    return out;
  }

  private static float[] values(Params params, String name) {
    Parameter parameter = params.all().get(name);
    assertNotNull(parameter, name);
    return parameter.value().toFloats();
  }
}
