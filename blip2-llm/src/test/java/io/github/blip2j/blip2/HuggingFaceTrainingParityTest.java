package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.golden.GoldenGradients;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
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
      Texts texts = Texts.of(golden, model.blip2());

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
      Texts texts = Texts.of(golden, model.blip2());

      Tensor prompt = model.imagePrompt(golden.get("pixel_values"), ForwardPass.evaluation());
      Tensor loss = model.blip2().loss(prompt, texts.batch, texts.labels, ForwardPass.evaluation());
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

  /** Texts and labels of a folder, where the image's places may be shown. */
  private record Texts(PromptBatch batch, List<int[]> labels) {
    static Texts of(Golden golden, Blip2Model model) {
      int[][] ids = rows(golden.get("train.input_ids"));
      int[][] mask = rows(golden.get("train.attention_mask"));
      int[][] labels = rows(golden.get("train.labels"));
      Integer image = model.config().imageTokenId();
      boolean shown = image != null && ids[0][0] == image;
      int from = shown ? model.config().queryTokens() : 0;
      List<int[]> texts = new ArrayList<>();
      List<int[]> targets = new ArrayList<>();
      for (int b = 0; b < ids.length; b++) {
        int[] counts = mask[b];
        int[] target = labels[b];
        int[] places = IntStream.range(from, counts.length).filter(t -> counts[t] == 1).toArray();
        texts.add(pick(ids[b], places));
        if (model.config().text().family().encodes()) {
          targets.add(Arrays.stream(target).filter(label -> label >= 0).toArray());
        } else {
          int[] own = pick(target, places);
          own[0] = shown ? own[0] : TokenLoss.IGNORED; // the reference shifts it away
          targets.add(own);
        }
      }
      int padId = model.config().text().padId();
      return new Texts(PromptBatch.of(texts, padId, Side.RIGHT), targets);
    }

    Tensor logits(Blip2Model model, Tensor prompt) {
      return model.config().text().family().encodes()
          ? model.logits(prompt, batch, answers(model), ForwardPass.evaluation())
          : model.logits(prompt, batch, ForwardPass.evaluation());
    }

    /** 1 where scores mean something. */
    int[][] counted(Blip2Model model) {
      return model.config().text().family().encodes()
          ? answers(model).mask(0)
          : batch.mask(model.config().queryTokens());
    }

    private PromptBatch answers(Blip2Model model) {
      return PromptBatch.ofAnswers(labels, model.config().text().padId());
    }
  }

  private static int[] pick(int[] row, int[] places) {
    return Arrays.stream(places).map(t -> row[t]).toArray();
  }

  private static int[][] rows(Tensor ids) {
    int[][] rows = new int[Math.toIntExact(ids.dim(0))][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = Arrays.stream(ids.select(0, b).toLongs()).mapToInt(Math::toIntExact).toArray();
    }
    return rows;
  }
}
