package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.golden.GoldenGradients;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.qformer.objective.Negatives;
import io.github.blip2j.qformer.objective.Pairs;
import io.github.blip2j.qformer.objective.StageOneObjective;
import io.github.blip2j.qformer.objective.StageOneOutput;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Training of the first stage against LAVIS: losses, gradients, and six steps. */
final class LavisStageOneParityTest {
  private final Scope home = Scope.detached();

  static List<Path> folders() {
    return LavisStageOne.folders();
  }

  @AfterEach
  void close() {
    home.close();
  }

  @ParameterizedTest
  @MethodSource("folders")
  void firstStep_lossesAndEveryGradient_agree(Path folder) throws IOException {
    try (Golden golden = Golden.open(folder);
        Scope step = Scope.open()) {
      LavisStageOne lavis = LavisStageOne.open(folder, golden, home);
      ConfigJson expected = lavis.json().child("first_step");
      lavis.model().trainQformer();

      StageOneOutput output = forward(lavis, expected, Pairs.of(lavis.texts().size()));
      output.total().backward();

      assertLosses(golden, "first step", expected, output);
      golden.assertClose("sim_i2t", output.similarities().imageToText(), 1e-4);
      golden.assertClose("sim_t2i", output.similarities().textToImage(), 1e-4);
      golden.assertClose("image_feats", output.features().images(), 1e-5);
      golden.assertClose("text_feat", output.features().texts(), 1e-5);
      assertGradients(golden, lavis);
    }
  }

  @ParameterizedTest
  @MethodSource("folders")
  void sixSteps_lossesAndWeights_agreeAndSoDoImageIds(Path folder) throws IOException {
    try (Golden golden = Golden.open(folder);
        Scope all = Scope.open()) {
      LavisStageOne lavis = LavisStageOne.open(folder, golden, home);
      Blip2RetrievalModel model = lavis.model();
      model.trainQformer();
      var groups = ParameterGroup.of(model.parameters().values(), 0.05);

      try (var optimizer = new AdamW(groups, AdamWRule.DEFAULT.withBeta2(0.98))) {
        for (ConfigJson expected : lavis.json().childrenAt("steps")) {
          try (Scope step = Scope.open()) {
            optimizer.clearGradients();
            StageOneOutput output = forward(lavis, expected, Pairs.of(lavis.texts().size()));
            output.total().backward();
            optimizer.step(expected.doubleAt("lr"), 1);
            assertLosses(golden, "six steps", expected, output);
          }
        }
      }

      lavis.trained((name, weight) -> assertMoved(golden, name, weight));
      ConfigJson ofIds = lavis.json().child("image_id_step");
      List<Integer> ids = Arrays.stream(ofIds.intsAt("image_id")).boxed().toList();
      assertLosses(golden, "image ids", ofIds, forward(lavis, ofIds, Pairs.withImageIds(ids)));
    }
  }

  /**
   * Two processes with four pairs each: similarities are to all eight, and so are negatives, whose
   * images send gradients back; parameters get the mean of both processes' gradients.
   */
  @Test
  void twoProcesses_lossesAndEveryGradient_agree() throws IOException {
    Path folder = Fixtures.own("lavis-stage1");
    ConfigJson json = ConfigJson.read(folder.resolve("expected_world2.json"));
    try (Golden golden = Golden.open(folder);
        Golden expected = Golden.openFile(folder.resolve("expected_world2.safetensors"));
        Scope step = Scope.open()) {
      LavisStageOne lavis = LavisStageOne.open(folder, golden, home);
      lavis.model().trainQformer();
      List<ConfigJson> ranks = json.childrenAt("ranks");
      var world = new LavisWorld(lavis.model(), folder, ranks);

      for (int rank = 0; rank < ranks.size(); rank++) {
        Tensor[] losses = world.losses(rank);
        String stage = "process " + rank;
        assertLoss(golden, stage, ranks.get(rank).doubleAt("loss_itc"), losses[0]);
        assertLoss(golden, stage, ranks.get(rank).doubleAt("loss_itm"), losses[1]);
        assertLoss(golden, stage, ranks.get(rank).doubleAt("loss_lm"), losses[2]);
        losses[0].add(losses[1]).add(losses[2]).mul(1.0 / ranks.size()).backward();
      }

      assertGradients(expected, lavis);
    }
  }

  private static StageOneOutput forward(LavisStageOne lavis, ConfigJson step, Pairs pairs)
      throws IOException {
    Negatives negatives = LavisStageOne.negatives(step);
    StageOneObjective objective =
        StageOneObjective.lavis(lavis.model().qformer()).with((similar, all, random) -> negatives);
    ForwardPass pass =
        ForwardPass.evaluation(); // as the golden numbers: no dropout, gradients all the same
    Tensor image = lavis.model().encodeImage(lavis.pixels(), pass);
    return objective.forward(image, lavis.texts(), pairs, pass, new SplittableRandom(1));
  }

  private static void assertLosses(
      Golden golden, String stage, ConfigJson expected, StageOneOutput output) throws IOException {
    assertLoss(golden, stage, expected.doubleAt("loss_itc"), output.contrast());
    assertLoss(golden, stage, expected.doubleAt("loss_itm"), output.matching());
    assertLoss(golden, stage, expected.doubleAt("loss_lm"), output.generation());
    if (expected.has("loss")) {
      assertLoss(golden, stage, expected.doubleAt("loss"), output.total());
    }
  }

  private static void assertLoss(Golden golden, String stage, double expected, Tensor loss) {
    double relative = Math.abs(loss.item() - expected) / expected;
    golden.assertWithin(stage, "loss (relative), " + stage, relative, 1e-5);
  }

  private static void assertMoved(Golden golden, String name, Parameter weight) {
    // Adam makes whole steps, at rates that add up to 0.0035, of what rounding leaves of a zero
    // gradient, and in any direction.
    double tolerance = isKeyBias(name) ? 2 * 0.0035 : 2e-5;
    String stage = isKeyBias(name) ? "biases of the keys after six steps" : "after six steps";
    float[] expected = golden.get("after6." + name).toFloats();
    golden.assertClose("after6." + name, stage, expected, weight.value().toFloats(), tolerance);
  }

  /** A bias of the keys moves no softmax, so that its gradient is zero. */
  private static boolean isKeyBias(String name) {
    return name.endsWith("self.key.bias");
  }

  private static void assertGradients(Golden golden, LavisStageOne lavis) {
    var gradients = GoldenGradients.of(golden, "grad.");
    lavis.trained(
        (name, parameter) -> {
          Tensor gradient = parameter.gradient();
          assertNotNull(gradient, name);
          gradients.assertClose(name, gradient);
        });
    gradients.assertNoneLeft();
  }
}
