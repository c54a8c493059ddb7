package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.golden.GoldenGradients;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.pretraining.StageTwoTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What an InstructBLIP in training learns from, against transformers 5.18: its loss to 1e-5, and
 * the gradients of the vision norm, the queries, all of the Q-Former, text side and embeddings
 * included, and the projection, as {@link GoldenGradients} asks.
 */
final class InstructBlipGradientParityTest {
  private static final double LOSS = 1e-5;

  static Stream<Path> folders() {
    return InstructFolder.withMore().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void training_lossAndEveryGradient_equalReference(Path folder) throws IOException {
    try (var home = Scope.detached();
        var golden = Golden.open(folder);
        var more = InstructFolder.more(folder);
        var scope = Scope.open()) {
      StageTwoModel model = StageTwoModel.load(folder, home, StageTwoSetup.lavis());
      try (var tokenizer = model.openTokenizer();
          var instructions = Objects.requireNonNull(model.openInstructionTokenizer())) {
        var training = StageTwoTraining.of(model, tokenizer, instructions);
        CaptionBatch batch = batch(folder, golden, tokenizer);

        Tensor loss = training.losses(batch, ForwardPass.evaluation()).total();
        loss.backward();

        double apart = Math.abs(loss.item() / InstructFolder.trainLoss(folder) - 1);
        golden.assertWithin("train_loss", "train_loss", apart, LOSS);
        assertGradients(model, more);
      }
    }
  }

  /** The folder's pictures, prompts and answers, the latter as words again. */
  private static CaptionBatch batch(Path folder, Golden golden, Tokenizer tokenizer) {
    List<String> answers = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    Tensor labels = golden.get("train.labels");
    for (int b = 0; b < labels.dim(0); b++) {
      int[] label =
          Arrays.stream(labels.select(0, b).toLongs())
              .filter(id -> id >= 0)
              .mapToInt(Math::toIntExact)
              .toArray();
      String answer = tokenizer.decode(label);
      assertArrayEquals(label, tokenizer.encode(answer), answer);
      answers.add(answer);
      ids.add("picture " + b);
    }
    List<String> prompts = InstructFolder.prompts(folder);
    return new CaptionBatch(golden.get("pixel_values"), answers, ids, List.of(), prompts);
  }

  private static void assertGradients(StageTwoModel model, Golden golden) {
    KeyMap keys = HuggingFaceNames.blip2(model.blip2().config());
    var gradients = GoldenGradients.of(golden, "train.grad.");
    String unread = String.format(Locale.ROOT, "qformer.layers.%d.textMlp.", lastLayer(model));
    for (Parameter parameter : model.parameters().values()) {
      String name = parameter.name();
      Tensor gradient = parameter.gradient();
      boolean expected = parameter.isTrained() && !name.startsWith(unread);
      assertEquals(expected, gradient != null, name);
      if (parameter.isTrained()) {
        // What the last layer makes of the words goes nowhere: zeros there, nothing here.
        Tensor found = gradient == null ? parameter.value().mul(0) : gradient;
        gradients.assertClose(keys.toStored(name).name(), found);
      }
    }
    gradients.assertNoneLeft();
  }

  private static int lastLayer(StageTwoModel model) {
    return model.blip2().config().qformer().layers() - 1;
  }
}
