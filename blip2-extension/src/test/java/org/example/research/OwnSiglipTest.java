package org.example.research;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.optim.LayerDecay;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A vision encoder of SigLIP's kind from outside the library, against transformers' {@code
 * SiglipVisionModel}, whose file it reads under a model type of its own.
 */
final class OwnSiglipTest {
  private static final double TOLERANCE = 5e-5;

  private final Scope home = Scope.detached();
  private final Checkpoint expected;
  private final Checkpoint weights;
  private final Params params;
  private final VisionConfig config;
  private final VisionEncoder encoder;
  private final KeyMap keys;

  OwnSiglipTest(@TempDir Path folder) throws IOException {
    Path own = TinySiglips.folder(folder.resolve("siglip"));
    expected = Checkpoint.open(TinySiglips.GOLDEN.resolve("expected.safetensors"));
    weights = Checkpoint.open(own);
    ConfigJson json = ConfigJson.read(own.resolve("config.json"));
    config = TinySiglips.families().readModel(json);
    keys = config.addNames(KeyMap.builder(), "vision.", "").build();
    params = Params.root(new CheckpointWeights("siglip", weights, keys), home);
    encoder = config.build(params.at("vision"));
    params.finish();
  }

  @AfterEach
  void close() throws IOException {
    home.close();
    weights.close();
    expected.close();
  }

  private Tensor expected(String name) {
    Params all = Params.root(new CheckpointWeights("expected", expected, KeyMap.identity()), home);
    return all.get(name, requireNonNull(all.storedShape(name)), Init.zeros()).value();
  }

  private void assertClose(String name, Tensor actual, double tolerance) {
    Tensor wanted = expected(name);
    assertEquals(wanted.shape(), actual.shape(), name);
    assertArrayEquals(wanted.toFloats(), actual.toFloats(), (float) tolerance, name);
  }

  @Test
  void states_everyOneAndTheLast_areTransformers() {
    List<Integer> seen = new ArrayList<>();
    ForwardPass pass =
        ForwardPass.evaluation()
            .observedBy(
                new ForwardPass.Observer() {
                  @Override
                  public void hiddenState(String path, int index, Tensor x) {
                    assertClose("hidden_states." + index, x, TOLERANCE);
                    seen.add(index);
                  }
                });

    try (Scope scope = Scope.open()) {
      Tensor y = encoder.forward(expected("pixel_values"), pass);

      assertClose("last_hidden_state", y, TOLERANCE);
    }
    assertEquals(List.of(0, 1, 2, 3), seen);
  }

  @Test
  void pixels_ofAnotherSize_interpolateThePositions() {
    try (Scope scope = Scope.open()) {
      Tensor pixels = expected("pixel_values_large"); // 58 x 72 pixels, 7 x 9 patches of 8

      Tensor y = encoder.forward(pixels, ForwardPass.evaluation());

      assertClose("large.last_hidden_state", y, TOLERANCE);
      assertEquals(config.tokens(58, 72), y.dim(1));
    }
  }

  @Test
  void gradients_ofEveryParameter_areTransformers() {
    encoder.parameters().values().forEach(Parameter::train);
    try (Scope scope = Scope.open()) {
      Tensor y = encoder.forward(expected("pixel_values"), ForwardPass.evaluation());

      y.mul(expected("loss.weights")).mean().backward();

      for (Parameter parameter : params.all().values()) {
        String name = "grad." + keys.toStored(parameter.name()).name();
        double largest = 0;
        for (float value : expected(name).toFloats()) {
          largest = Math.max(largest, Math.abs(value));
        }
        Tensor gradient = requireNonNull(parameter.gradient(), name);
        assertClose(name, gradient, 1e-4 * largest + 1e-9); // a key bias has rounding alone
      }
    }
    long told = expected.tensors().keySet().stream().filter(n -> n.startsWith("grad.")).count();
    assertEquals(told, params.all().size());
  }

  @Test
  void layerDecay_isByTheNamesOfTheEncodersLayers() {
    LayerDecay decay = encoder.layerDecay(0.5, "vision");

    assertEquals(0.0625, decay.scale("vision.positions"));
    assertEquals(0.0625, decay.scale("vision.patches.weight"));
    assertEquals(0.125, decay.scale("vision.layers.0.attention.query.weight"));
    assertEquals(0.5, decay.scale("vision.layers.2.mlp.up.weight"));
    assertEquals(1, decay.scale("vision.outputNorm.weight"));
  }

  @Test
  void toJson_readAgain_isTheSame() throws IOException {
    ConfigJson json = ConfigJson.parse("vision", config.toJson().toString());

    assertEquals(config, TinySiglips.families().readModel(json));
  }
}
