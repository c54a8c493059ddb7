package io.github.blip2j.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** SigLIP's vision encoder, stage by stage, against transformers' {@code SiglipVisionModel}. */
@ExtendWith(InScope.class)
final class SiglipParityTest {
  private static final double TOLERANCE = 5e-5;

  static List<Path> folders() {
    return Fixtures.folders("SigLIP", SiglipParityTest::isSiglip);
  }

  private static boolean isSiglip(Path folder) {
    Path file = folder.resolve("config.json");
    try {
      return Files.exists(file)
          && ConfigJson.read(file).stringAt("model_type", "").equals("siglip_vision_model");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static VisionConfig config(Path folder) throws IOException {
    ConfigJson json = ConfigJson.read(folder.resolve("config.json"));
    return VisionFamilies.builtIn().readModel(json);
  }

  private static Params params(Checkpoint checkpoint, KeyMap keys, Scope scope) {
    return Params.root(new CheckpointWeights("siglip", checkpoint, keys), scope);
  }

  private static KeyMap keys(VisionConfig config) {
    return config.addNames(KeyMap.builder(), "vision.", "").build();
  }

  @ParameterizedTest
  @MethodSource("folders")
  void config_isSiglipsOfThisSize(Path folder) throws IOException {
    var config = (VisionTransformerConfig) config(folder);

    assertEquals(VisionFamilies.SIGLIP, config.family());
    assertEquals(Activation.GELU_TANH, config.activation());
    assertEquals(0, config.tokensBefore());
    assertEquals((long) config.grid() * config.grid(), config.tokens(40, 40));
  }

  @ParameterizedTest
  @MethodSource("folders")
  void states_everyOneAndTheNormedLast_agree(Path folder, Scope scope) throws IOException {
    VisionConfig config = config(folder);
    try (Golden golden = Golden.open(folder);
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      Params params = params(checkpoint, keys(config), scope);
      VisionEncoder vision = config.build(params.at("vision"));
      params.finish();
      int[] seen = new int[1];
      ForwardPass pass =
          ForwardPass.evaluation()
              .observedBy(
                  new ForwardPass.Observer() {
                    @Override
                    public void hiddenState(String path, int index, Tensor x) {
                      golden.assertClose("hidden_states." + index, x, TOLERANCE);
                      seen[0]++;
                    }
                  });

      Tensor y = vision.forward(golden.get("pixel_values"), pass);

      golden.assertClose("last_hidden_state", y, TOLERANCE);
      assertEquals(vision.layers() + 1, seen[0]);
    }
  }

  @ParameterizedTest
  @MethodSource("folders")
  void pixels_ofAnotherSizeAndShape_interpolateAllPositions(Path folder, Scope scope)
      throws IOException {
    VisionConfig config = config(folder);
    try (Golden golden = Golden.open(folder);
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      VisionEncoder vision = config.build(params(checkpoint, keys(config), scope).at("vision"));
      Tensor pixels = golden.get("pixel_values_large");
      ForwardPass pass =
          ForwardPass.evaluation()
              .observedBy(
                  new ForwardPass.Observer() {
                    @Override
                    public void hiddenState(String path, int index, Tensor x) {
                      if (index == 0) {
                        golden.assertClose("large.embedded", x, TOLERANCE);
                      }
                    }
                  });

      Tensor y = vision.forward(pixels, pass);

      golden.assertClose("large.last_hidden_state", y, TOLERANCE);
      assertEquals(y.dim(1), config.tokens((int) pixels.dim(2), (int) pixels.dim(3)));
    }
  }

  @ParameterizedTest
  @MethodSource("folders")
  void gradients_ofEveryParameter_agree(Path folder, Scope scope) throws IOException {
    VisionConfig config = config(folder);
    KeyMap keys = keys(config);
    try (Golden golden = Golden.open(folder);
        Checkpoint checkpoint = Checkpoint.open(folder)) {
      Params params = params(checkpoint, keys, scope);
      VisionEncoder vision = config.build(params.at("vision"));
      vision.parameters().values().forEach(Parameter::train);

      Tensor y = vision.forward(golden.get("pixel_values"), ForwardPass.evaluation());
      Tensor loss = y.mul(golden.get("loss.weights")).mean();
      loss.backward();

      ConfigJson told = ConfigJson.read(folder.resolve("expected.json"));
      assertEquals(told.doubleAt("loss"), loss.item(), 1e-6);
      compareGradients(golden, keys, params);
    }
  }

  private static void compareGradients(Golden golden, KeyMap keys, Params params) {
    double largest = 0;
    int compared = 0;
    for (Parameter parameter : params.all().values()) {
      for (float value : gradient(parameter).toFloats()) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    for (Parameter parameter : params.all().values()) {
      String name = "grad." + keys.toStored(parameter.name()).name();
      float[] expected = golden.get(name).toFloats();
      double tolerance = 1e-4 * max(expected) + 1e-6 * largest; // a key bias has rounding alone
      golden.assertClose(name, "gradients", expected, gradient(parameter).toFloats(), tolerance);
      compared++;
    }
    assertEquals(
        golden.names().stream().filter(name -> name.startsWith("grad.")).count(), compared);
  }

  private static double max(float[] values) {
    double max = 0;
    for (float value : values) {
      max = Math.max(max, Math.abs(value));
    }
    return max;
  }

  private static Tensor gradient(Parameter parameter) {
    Tensor gradient = parameter.gradient();
    if (gradient == null) {
      throw new AssertionError(parameter.name() + ": gradient expected, got none");
    }
    return gradient;
  }

  @Test
  void weights_underAPrefixBesideAnotherHalf_areFound(Scope scope) throws IOException {
    Path folder = Fixtures.own("hf-siglip");
    VisionConfig config = config(folder);
    try (Checkpoint stored = Checkpoint.open(folder)) {
      Checkpoint whole = stored.renamed(name -> Optional.of("vision_model." + name));
      KeyMap keys = config.addNames(KeyMap.builder(), "vision.", "vision_model.").build();
      Params params = params(whole, keys, scope);
      config.build(params.at("vision"));

      params.finish();
    }
  }

  @Test
  void weights_unknownTensor_isReportedAndTheHeadIsNot(Scope scope) throws IOException {
    Path folder = Fixtures.own("hf-siglip");
    VisionConfig config = config(folder);
    try (Checkpoint stored = Checkpoint.open(folder)) {
      Checkpoint strange =
          stored.renamed(name -> Optional.of(name.equals("head.probe") ? "probe" : name));
      Params params = params(strange, keys(config), scope);
      config.build(params.at("vision"));

      var e = assertThrows(CheckpointException.class, params::finish);

      assertEquals(
          "siglip: tensors expected to fit the configuration, got 1 unused (head.probe)",
          e.getMessage());
    }
  }

  @Test
  void positions_forAnotherImageSize_areInterpolatedWhileRead(Scope scope) throws IOException {
    Path folder = Fixtures.own("hf-siglip");
    VisionConfig small = config(folder);
    VisionConfig large = small.withImageSize(56);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      var stored = new CheckpointWeights("siglip", checkpoint, keys(small));
      VisionEncoder before = small.build(Params.root(stored, scope).at("vision"));
      Params params = Params.root(ResizedPositions.of(stored, large, "vision"), scope);
      VisionEncoder after = large.build(params.at("vision"));
      params.finish();
      Tensor pixels = NoisyWeights.tensor(new Random(7), 1, 3, 56, 56);

      Tensor y = after.forward(pixels, ForwardPass.evaluation());

      Tensor expected = before.forward(pixels, ForwardPass.evaluation());
      Golden.assertClose("y", expected.toFloats(), y.toFloats(), 0);
    }
  }

  @Test
  void processor_ofTheFolder_isWhatTheFamilyUses() throws IOException {
    Path folder = Fixtures.own("hf-siglip");

    assertEquals(ImageProcessor.load(folder).config(), config(folder).processor());
    assertTrue(ImageProcessor.isToldIn(folder));
  }
}
