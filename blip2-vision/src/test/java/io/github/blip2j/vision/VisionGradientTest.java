package io.github.blip2j.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Loops;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Values and gradients of whole towers against plain loops in double and their central differences,
 * which are exact to 1e-8: what is left is the float32 of the towers.
 */
@ExtendWith(InScope.class)
final class VisionGradientTest {
  private static final int B = 2;
  private static final double STEP = 1e-5;
  private static final int SAMPLES = 6; // elements of each large tensor: a forward pass is slow
  private static final double VALUES = 2e-5;
  private static final double GRADIENTS = 1e-4;

  @ParameterizedTest
  @EnumSource(VisionTransformerKind.class)
  void backward_agreesWithFiniteDifferencesOfLoops(VisionTransformerKind kind, Scope scope) {
    VisionTransformerConfig config = TinyVision.of(kind, 2, 0);
    Params params = NoisyWeights.params(scope, 3);
    var vision = new VisionTransformer(config, params);
    params.all().values().forEach(Parameter::train);
    Random random = new Random(7);
    Tensor pixels = NoisyWeights.tensor(random, B, 3, TinyVision.SIDE, TinyVision.SIDE);
    long tokens = config.tokens(TinyVision.SIDE, TinyVision.SIDE);
    Tensor seed = NoisyWeights.tensor(random, B, tokens, TinyVision.DIM);
    Tensor[] ofPixels = new Tensor[1];

    Tensor y = vision.forward(pixels.leaf(g -> ofPixels[0] = g), ForwardPass.evaluation());
    y.backward(seed);

    Map<String, double[]> values = Loops.values(params);
    values.put("pixels", pixels.toDoubles());
    var differences = new Differences(new LoopVision(config, B), values, seed.toDoubles());
    Loops.assertClose("y", differences.forward(), y, VALUES);
    differences.assertGradient("pixels", ofPixels[0]);
    params.all().forEach((name, p) -> differences.assertGradient(name, p.gradient()));
    int norms = kind == VisionTransformerKind.EVA ? 0 : 2;
    int patchBias = kind == VisionTransformerKind.CLIP ? 0 : 1;
    assertEquals(2 + config.tokensBefore() + patchBias + norms + 2 * 16, params.all().size());
  }

  /** Slopes of the sum of outputs times a seed. */
  private static final class Differences {
    private final LoopVision loops;
    private final Map<String, double[]> values;
    private final double[] seed;

    Differences(LoopVision loops, Map<String, double[]> values, double[] seed) {
      this.loops = loops;
      this.values = values;
      this.seed = seed;
    }

    double[] forward() {
      return loops.forward(values, Loops.of(values, "pixels"));
    }

    void assertGradient(String name, @Nullable Tensor gradient) {
      assertNotNull(gradient, name);
      double[] value = Loops.of(values, name);
      double[] all = gradient.toDoubles();
      assertEquals(value.length, all.length, name);
      int stride = 1 + value.length / SAMPLES;
      double[] expected = new double[(value.length + stride - 1) / stride];
      double[] sampled = new double[expected.length];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = slope(value, i * stride);
        sampled[i] = all[i * stride];
      }
      Loops.assertClose(name, expected, Tensor.of(sampled, sampled.length), GRADIENTS);
    }

    private double slope(double[] value, int at) {
      double middle = value[at];
      value[at] = middle + STEP;
      double above = Loops.dot(forward(), seed);
      value[at] = middle - STEP;
      double below = Loops.dot(forward(), seed);
      value[at] = middle;
      return (above - below) / (2 * STEP);
    }
  }
}
