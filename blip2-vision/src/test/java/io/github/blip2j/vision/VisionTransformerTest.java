package io.github.blip2j.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class VisionTransformerTest {
  private static final int E = TinyVision.DIM;

  private Scope scope;
  private Params params;

  @BeforeEach
  void build(Scope scope) {
    this.scope = scope;
    params = NoisyWeights.params(scope, 3);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void forward_withoutLayers_isClassTokenAndPatchesPlusPositions(int batch) {
    var vision = new VisionTransformer(TinyVision.config(0), params);
    Tensor pixels = pixels(batch, TinyVision.SIDE, TinyVision.SIDE);

    Tensor y = vision.forward(pixels, ForwardPass.evaluation());

    y.shape().require("test", "y", batch, 10, E);
    float[] positions = value("positions").toFloats();
    float[] sum = tokens(pixels).toFloats();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += positions[i % positions.length];
    }
    Golden.assertClose("embedded", sum, y.toFloats(), 1e-6);
  }

  @ParameterizedTest
  @CsvSource({"20,8", "4,4", "15,30", "12,16"})
  void forward_otherSizes_interpolatePositionsButNotTheClassTokens(int height, int width) {
    var vision = new VisionTransformer(TinyVision.config(0), params);
    Tensor pixels = pixels(2, height, width);

    Tensor y = vision.forward(pixels, ForwardPass.evaluation());

    int rows = height / TinyVision.PATCH;
    int columns = width / TinyVision.PATCH;
    Tensor trained = value("positions");
    Tensor grid = new PositionGrid(3, false).interpolate(trained.narrow(1, 1, 9), rows, columns);
    Tensor positions = Tensor.concat(1, List.of(trained.narrow(1, 0, 1), grid));
    Golden.assertClose("embedded", tokens(pixels).add(positions).toFloats(), y.toFloats(), 1e-6);
  }

  @Test
  void forward_oneRow_isThatRowOfTheBatch() {
    var vision = new VisionTransformer(TinyVision.config(2), params);
    Tensor pixels = pixels(2, 12, 8);

    Tensor both = vision.forward(pixels, ForwardPass.evaluation());
    Tensor second = vision.forward(pixels.narrow(0, 1, 1).copy(), ForwardPass.evaluation());

    Golden.assertClose("row", both.narrow(0, 1, 1).toFloats(), second.toFloats(), 1e-5);
  }

  @Test
  void observer_seesTheStreamBeforeTheFirstBlockAndAfterEach() {
    var vision = new VisionTransformer(TinyVision.config(2), params.at("vision"));
    List<String> states = new ArrayList<>();
    List<float[]> last = new ArrayList<>();
    ForwardPass pass =
        ForwardPass.evaluation()
            .observedBy(
                new ForwardPass.Observer() {
                  @Override
                  public void hiddenState(String path, int index, Tensor x) {
                    states.add(path + " " + index + " " + x.shape());
                    last.add(x.toFloats());
                  }
                });

    Tensor y = vision.forward(pixels(2, 12, 12), pass);

    assertEquals(
        List.of("vision 0 [2, 10, 10]", "vision 1 [2, 10, 10]", "vision 2 [2, 10, 10]"), states);
    Golden.assertClose("last", y.toFloats(), last.get(2), 0);
  }

  @Test
  void observer_ofAttention_seesEachBlocksMaps() {
    var vision = new VisionTransformer(TinyVision.config(2), params.at("vision"));
    List<String> maps = new ArrayList<>();
    ForwardPass pass =
        ForwardPass.evaluation()
            .observedBy(
                new ForwardPass.Observer() {
                  @Override
                  public boolean wantsAttention() {
                    return true;
                  }

                  @Override
                  public void attention(String path, Tensor weights) {
                    maps.add(path + " " + weights.shape());
                  }
                });
    Tensor pixels = pixels(2, 12, 12);

    Tensor seen = vision.forward(pixels, pass);

    assertEquals(
        List.of(
            "vision.layers.0.attention [2, 2, 10, 10]", "vision.layers.1.attention [2, 2, 10, 10]"),
        maps);
    Tensor unseen = vision.forward(pixels, ForwardPass.evaluation());
    Golden.assertClose("watched", unseen.toFloats(), seen.toFloats(), 1e-5);
  }

  @Test
  void backward_interpolatedPositions_receiveTheirGradient() {
    var vision = new VisionTransformer(TinyVision.config(0), params);
    parameter("positions").train();

    vision.forward(pixels(1, 24, 16), ForwardPass.evaluation()).sum().backward();

    Tensor gradient = parameter("positions").gradient();
    assertNotNull(gradient);
    // Each new position's weights sum to 1, so 24 patches and the class token spread over the old.
    assertEquals((24 + 1) * E, gradient.sum().item(), 1e-3);
  }

  @Test
  void pixels_smallerThanAPatch_areRefused() {
    var vision = new VisionTransformer(TinyVision.config(1), params.at("vision"));
    Tensor pixels = pixels(1, 3, 12);

    var e =
        assertThrows(
            IllegalArgumentException.class, () -> vision.forward(pixels, ForwardPass.evaluation()));

    assertEquals(
        "vision: pixels expected at least one patch of 4, got [1, 3, 3, 12]", e.getMessage());
  }

  @Test
  void pixels_ofOtherChannels_areRefused() {
    var vision = new VisionTransformer(TinyVision.config(1), params.at("vision"));
    Tensor pixels = NoisyWeights.tensor(new Random(7), 1, 4, 12, 12);

    var e =
        assertThrows(
            ShapeMismatchException.class, () -> vision.forward(pixels, ForwardPass.evaluation()));

    assertEquals("vision: pixels expected [?, 3, ?, ?], got [1, 4, 12, 12]", e.getMessage());
  }

  /** The class token before the patches, without positions. */
  private Tensor tokens(Tensor pixels) {
    // Weights are drawn in the order of construction: the token, the positions, the patches.
    Params same = NoisyWeights.params(scope, 3);
    same.get("classToken", Shape.of(1, 1, E), Init.zeros());
    same.get("positions", Shape.of(1, 10, E), Init.zeros());
    Tensor patches = new PatchEmbedding(TinyVision.config(0), same).forward(pixels);
    return Tensor.concat(1, List.of(value("classToken").expand(pixels.dim(0), 1, E), patches));
  }

  private Parameter parameter(String name) {
    Parameter parameter = params.all().get(name);
    assertNotNull(parameter, name);
    return parameter;
  }

  private Tensor value(String name) {
    return parameter(name).value();
  }

  private static Tensor pixels(int batch, int height, int width) {
    return NoisyWeights.tensor(new Random(7), batch, 3, height, width);
  }
}
