package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.golden.GoldenGradients;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The loss of a language model behind an image, and every gradient, against transformers 5.18, for
 * every folder that holds them; without dropout, as there.
 *
 * <p>Tolerances: 2e-4 for logits, 1e-5 of the loss, those of {@link GoldenGradients} for the rest.
 */
final class HuggingFaceTrainingParityTest {
  private static final double LOGITS = 2e-4;
  private static final double LOSS = 1e-5;
  private static final String GRADIENTS = "train.grad.";

  static Stream<Path> folders() {
    return foldersWith("train.labels");
  }

  /** Some hold logits of training texts and no gradients. */
  static Stream<Path> foldersWithGradients() {
    return foldersWith(GRADIENTS + "query_tokens");
  }

  private static Stream<Path> foldersWith(String tensor) {
    return Fixtures.folders(
        "BLIP-2 with training",
        folder ->
            Stream.of("opt", "t5").anyMatch(kind -> Fixtures.isHuggingFaceBlip2(folder, kind))
                && Blip2Folder.holds(folder, tensor))
        .stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void logits_ofTrainingTexts_equalReference(Path folder) throws IOException {
    try (Scope home = Scope.detached();
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      StageTwoModel model = StageTwoModel.load(folder, home, StageTwoSetup.lavis());
      TrainingTexts texts = TrainingTexts.of(golden, model.blip2());

      Tensor prompt = model.imagePrompt(golden.get("pixel_values"), ForwardPass.evaluation());
      Tensor logits = texts.logits(model.blip2(), prompt);

      Tensor expected = golden.get("train.logits");
      int[][] mask = texts.counted(model.blip2());
      for (int b = 0; b < mask.length; b++) {
        for (int t = 0; t < mask[b].length; t++) {
          if (mask[b][t] == 1) { // padding's own scores mean nothing
            golden.assertClose(
                "train.logits[" + b + ", " + t + "]",
                "train.logits",
                expected.select(0, b).select(0, t).toFloats(),
                logits.select(0, b).select(0, t).toFloats(),
                LOGITS);
          }
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("foldersWithGradients")
  void backward_everyGradient_equalsReference(Path folder) throws IOException {
    try (Scope home = Scope.detached();
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      StageTwoModel model = StageTwoModel.load(folder, home, StageTwoSetup.lavis());
      TrainingTexts texts = TrainingTexts.of(golden, model.blip2());

      Tensor prompt = model.imagePrompt(golden.get("pixel_values"), ForwardPass.evaluation());
      Tensor loss =
          model.blip2().loss(prompt, texts.batch(), texts.labels(), ForwardPass.evaluation());
      loss.backward();

      double expected = ConfigJson.read(folder.resolve("expected.json")).doubleAt("train_loss");
      golden.assertWithin("train_loss", "train_loss", Math.abs(loss.item() / expected - 1), LOSS);
      assertGradients(golden, model);
    }
  }

  private static void assertGradients(Golden golden, StageTwoModel model) {
    KeyMap keys = HuggingFaceNames.blip2(model.blip2().config());
    var gradients = GoldenGradients.of(golden, GRADIENTS);
    for (Parameter parameter : model.parameters().values()) {
      String name = keys.toStored(parameter.name()).name();
      if (gradients.has(name)) {
        gradients.assertClose(name, Objects.requireNonNull(parameter.gradient(), name));
      }
      assertEquals(parameter.isTrained(), parameter.gradient() != null, parameter.name());
    }
    gradients.assertNoneLeft();
  }
}
