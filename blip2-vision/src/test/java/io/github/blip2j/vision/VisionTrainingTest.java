package io.github.blip2j.vision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a tower keeps and draws while it, or the model around it, is trained. */
@ExtendWith(InScope.class)
final class VisionTrainingTest {
  private static final int B = 3;
  private static final double DROP = 0.5;

  private Scope scope;
  private Params params;

  @BeforeEach
  void build(Scope scope) {
    this.scope = scope;
    params = NoisyWeights.params(scope, 3);
  }

  private VisionTransformer trained(VisionTransformerConfig config) {
    var vision = new VisionTransformer(config, params);
    params.all().values().forEach(Parameter::train);
    return vision;
  }

  private static Tensor pixels() {
    return NoisyWeights.tensor(new Random(7), B, 3, TinyVision.SIDE, TinyVision.SIDE);
  }

  private static ForwardPass training() {
    return ForwardPass.training(new Random(11));
  }

  /** One step: the loss, every gradient, and the memory in use when the last one is there. */
  private record Step(double loss, Map<String, double[]> gradients, long bytes) {}

  private Step step(VisionTransformer vision, ForwardPass pass) {
    params.all().values().forEach(Parameter::clearGradient);
    try (var step = Scope.open()) {
      long before = TensorMemory.usedBytes();
      long[] after = new long[1];
      // The pixels are the first leaf of all: their gradient comes last.
      Tensor pixels = pixels().leaf(g -> after[0] = TensorMemory.usedBytes());
      Tensor y = vision.forward(pixels, pass);
      Tensor loss = y.mul(y).mean();
      loss.backward();
      Map<String, double[]> gradients = new TreeMap<>();
      params
          .all()
          .forEach(
              (name, parameter) -> {
                Tensor gradient = parameter.gradient();
                assertNotNull(gradient, name);
                gradients.put(name, gradient.toDoubles());
              });
      return new Step(loss.item(), gradients, after[0] - before);
    }
  }

  @ParameterizedTest
  @EnumSource(VisionTransformerKind.class)
  void recomputing_lossAndGradientsAreTheSameToTheLastBit(VisionTransformerKind kind) {
    VisionTransformer vision = trained(TinyVision.of(kind, 16, DROP));
    step(vision, training()); // memory for the gradients of parameters is kept from now on

    Step remembered = step(vision, training());
    Step recomputed = step(vision, training().withGradientCheckpointing());

    assertEquals(remembered.loss, recomputed.loss);
    remembered.gradients.forEach(
        (name, gradient) -> assertArrayEquals(gradient, recomputed.gradients.get(name), name));
    double share = (double) recomputed.bytes / remembered.bytes;
    // Of CLIP's sixteen blocks three are computed again.
    double most = kind == VisionTransformerKind.CLIP ? 0.9 : 0.4;
    assertTrue(share < most, () -> "bytes " + remembered.bytes + " and " + recomputed.bytes);
  }

  @Test
  void recomputing_clipsFirstThirteenBlocks_areRemembered() {
    VisionTransformer vision = trained(TinyVision.of(VisionTransformerKind.CLIP, 13, DROP));
    step(vision, training());

    assertEquals(
        step(vision, training()).bytes, step(vision, training().withGradientCheckpointing()).bytes);
  }

  @Test
  void training_dropsPathsAndEvaluatingDoesNot() {
    var vision = new VisionTransformer(TinyVision.of(VisionTransformerKind.EVA, 4, DROP), params);
    float[] evaluated = vision.forward(pixels(), ForwardPass.evaluation()).toFloats();

    float[] dropped = vision.forward(pixels(), training()).toFloats();
    float[] again = vision.forward(pixels(), training()).toFloats();

    assertFalse(Arrays.equals(evaluated, dropped));
    assertArrayEquals(dropped, again);
  }

  @Test
  void frozen_insideATrainingPass_dropsNothingAndRecordsNothing() {
    var vision = new VisionTransformer(TinyVision.of(VisionTransformerKind.EVA, 4, DROP), params);
    Parameter above =
        NoisyWeights.params(scope, 5).get("above", Shape.of(TinyVision.DIM), Init.zeros());
    above.train();
    Tensor pixels = pixels();
    long before = TensorMemory.usedBytes();

    Tensor features = vision.forward(pixels, training().withGradientCheckpointing().evaluating());
    long kept = TensorMemory.usedBytes() - before;
    features.mul(above.value()).sum().backward();

    float[] evaluated = vision.forward(pixels, ForwardPass.evaluation()).toFloats();
    assertArrayEquals(evaluated, features.toFloats());
    assertFalse(features.requiresGrad());
    assertNotNull(above.gradient());
    // The embedding and the last block's output; none of the blocks' values.
    long most = 2 * keptWithoutBlocks(pixels) + 256;
    assertTrue(kept <= most, () -> "kept " + kept + " bytes, more than " + most);
    params.all().values().forEach(parameter -> assertNull(parameter.gradient()));
  }

  private static long keptWithoutBlocks(Tensor pixels) {
    try (var inner = Scope.open()) {
      Params none = NoisyWeights.params(inner, 3);
      var vision = new VisionTransformer(TinyVision.of(VisionTransformerKind.EVA, 0, 0), none);
      long before = TensorMemory.usedBytes();
      vision.forward(pixels, ForwardPass.evaluation());
      return TensorMemory.usedBytes() - before;
    }
  }
}
