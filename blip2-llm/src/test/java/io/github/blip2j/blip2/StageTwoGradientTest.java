package io.github.blip2j.blip2;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients through a frozen language model, by central differences of the loss.
 *
 * <p>Models compute in float32, so each tensor is moved along its gradient, where the loss changes
 * most, and the slope must be the gradient's length to one part in fifty.
 */
final class StageTwoGradientTest {
  private static final double STEP = 1e-2;
  private static final List<int[]> TEXTS =
      List.of(new int[] {2, 68, 350, 329, 366, 202}, new int[] {2, 286, 202});
  private static final List<int[]> LABELS =
      List.of(
          new int[] {TokenLoss.IGNORED, TokenLoss.IGNORED, 350, 329, 366, 202},
          new int[] {2, 286, 202});

  private final Scope home = Scope.detached();

  static Stream<Path> folders() {
    return Blip2Folder.allOfOpt().stream();
  }

  @AfterEach
  void close() {
    home.close();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void loss_gradients_agreeWithDifferences(Path folder) throws IOException {
    StageTwoModel model = StageTwoModel.load(folder, home, StageTwoSetup.lavis());
    try (Scope scope = Scope.open()) {
      Tensor pixels = model.processor().tensor(Blip2Folder.images(folder).subList(0, 2));
      loss(model, pixels).backward();

      DoubleSupplier again = () -> loss(model, pixels).item();
      for (String name :
          List.of(
              "queryTokens",
              "projection.weight",
              "projection.bias",
              "visionNorm.weight",
              "qformer.embeddings.norm.weight",
              "qformer.layers.0.imageAttention.value.weight",
              "qformer.layers.1.queryMlp.down.weight")) {
        assertSlope(requireNonNull(model.parameters().get(name), name), again);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void backward_leavesMemoryForWhatLearnsOnly(Path folder) throws IOException {
    StageTwoModel model = StageTwoModel.load(folder, home, StageTwoSetup.lavis());
    long before = TensorMemory.usedBytes();

    try (Scope scope = Scope.open()) {
      loss(model, model.processor().tensor(Blip2Folder.images(folder).subList(0, 2))).backward();
    }

    long left = TensorMemory.usedBytes() - before;
    long learnt = 0;
    long frozen = 0;
    for (Parameter parameter : model.parameters().values()) {
      assertEquals(parameter.isTrained(), parameter.gradient() != null, parameter.name());
      long size = parameter.value().size() * Float.BYTES;
      learnt += parameter.isTrained() ? size : 0;
      frozen += parameter.isTrained() ? 0 : size;
    }
    assertTrue(left >= learnt, "left " + left + ", gradients take " + learnt);
    assertTrue(left < learnt + frozen / 4, "left " + left + ", gradients take " + learnt);
  }

  private static Tensor loss(StageTwoModel model, Tensor pixels) {
    Tensor prompt = model.imagePrompt(pixels, ForwardPass.evaluation());
    PromptBatch text = PromptBatch.of(TEXTS, 1, Side.RIGHT);
    return model.blip2().loss(prompt, text, LABELS, ForwardPass.evaluation());
  }

  private static void assertSlope(Parameter parameter, DoubleSupplier loss) {
    Tensor gradient = requireNonNull(parameter.gradient(), parameter.name());
    double length = Math.sqrt(gradient.squaredNorm());
    Tensor value = parameter.value();
    try (var off = GradMode.noGrad();
        var step = Scope.open()) {
      Tensor before = value.copy();
      Tensor move = gradient.mul(STEP / length);
      value.copyInPlace(before.add(move));
      double above = loss.getAsDouble();
      value.copyInPlace(before.sub(move));
      double below = loss.getAsDouble();
      value.copyInPlace(before);
      double slope = (above - below) / (2 * STEP);
      assertEquals(length, slope, 0.02 * length + 1e-3, parameter.name());
    }
  }
}
