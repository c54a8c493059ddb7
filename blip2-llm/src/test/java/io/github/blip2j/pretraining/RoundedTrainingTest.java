package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.BatchSource;
import io.github.blip2j.training.Objective;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Training whose linear maps round what they multiply to bfloat16, beside training that does not.
 */
@ExtendWith(InScope.class)
final class RoundedTrainingTest {
  private static final int STEPS = 12;

  private final Path folder;

  RoundedTrainingTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** What a run leaves behind. */
  private record Run(List<Double> losses, boolean weightsAreFloat32, double unrounded) {}

  @Test
  void stageOne_twelveSteps_followsFloat32() throws IOException {
    Run exact = stageOne(Precision.FLOAT32);
    Run rounded = stageOne(Precision.BFLOAT16);

    assertFollows(exact, rounded);
  }

  @Test
  void stageTwo_twelveSteps_followsFloat32() throws IOException {
    Run exact = stageTwo(StageTwoSetup.lavis());
    Run rounded = stageTwo(StageTwoSetup.lavis().withComputePrecision(Precision.BFLOAT16));
    Run packed =
        stageTwo(
            StageTwoSetup.lavis()
                .withFrozenPrecision(Precision.BFLOAT16)
                .withComputePrecision(Precision.BFLOAT16));

    assertFollows(exact, rounded);
    assertFollows(exact, packed);
  }

  /** Within a fiftieth of the loss at each step; the loss itself falls by more than that. */
  private static void assertFollows(Run exact, Run rounded) {
    boolean differs = false;
    for (int i = 0; i < STEPS; i++) {
      assertEquals(
          exact.losses.get(i), rounded.losses.get(i), 0.02 * exact.losses.get(i), "step " + i);
      differs |= !exact.losses.get(i).equals(rounded.losses.get(i));
    }
    assertTrue(differs, "losses expected to differ by rounding, got the same: nothing was rounded");
    assertTrue(
        exact.losses.get(STEPS - 1) < 0.9 * exact.losses.get(0),
        () ->
            "loss expected to fall, got "
                + List.of(exact.losses.get(0), exact.losses.get(STEPS - 1)));
    assertTrue(rounded.weightsAreFloat32);
    assertTrue(
        rounded.unrounded > 0.9, () -> "weights between two bfloat16, got " + rounded.unrounded);
  }

  private Run stageOne(Precision factors) throws IOException {
    try (Scope home = Scope.detached();
        var tokenizer = HuggingFaceTokenizer.open(Scenes.MODEL)) {
      Blip2RetrievalModel model = RetrievalLoader.load(Scenes.MODEL, home);
      model.computeIn(factors);
      model.trainQformer();
      return run(
          StageOneTraining.of(model, tokenizer),
          Scenes.batches(folder, 8, 42),
          model.parameters().values());
    }
  }

  private Run stageTwo(StageTwoSetup setup) throws IOException {
    try (Scope home = Scope.detached()) {
      StageTwoModel model = StageTwoModel.load(Speech.OPT, home, setup);
      try (var tokenizer = model.openTokenizer()) {
        StageTwoTraining training =
            StageTwoTraining.of(model, tokenizer).withLanguageDropout(false);
        return run(training, Speech.batches(folder, 4), model.parameters().values());
      }
    }
  }

  private static Run run(
      Objective<CaptionBatch> objective,
      BatchSource<CaptionBatch> source,
      Collection<Parameter> parameters)
      throws IOException {
    List<Double> losses = new ArrayList<>();
    try (Stream<CaptionBatch> stream = source.open(0, 0);
        var optimizer = new AdamW(ParameterGroup.of(parameters, 0.05), AdamWRule.DEFAULT)) {
      CaptionBatch batch = stream.iterator().next();
      for (int i = 0; i < STEPS; i++) {
        optimizer.clearGradients();
        try (Scope step = Scope.open()) {
          Tensor loss =
              objective.losses(batch, ForwardPass.training(new SplittableRandom(5))).total();
          losses.add(loss.item());
          loss.backward();
        }
        boolean wide =
            parameters.stream()
                .map(Parameter::gradient)
                .allMatch(gradient -> gradient == null || gradient.dtype() == DType.FLOAT32);
        assertTrue(wide, "gradients are float32");
        optimizer.step(1e-3, 1);
      }
      return new Run(losses, areFloat32(parameters), unrounded(parameters));
    }
  }

  private static boolean areFloat32(Collection<Parameter> parameters) {
    return parameters.stream()
        .filter(Parameter::isTrained)
        .allMatch(parameter -> parameter.value().dtype() == DType.FLOAT32);
  }

  /** How many of the trained weights bfloat16 could not hold. */
  private static double unrounded(Collection<Parameter> parameters) {
    long all = 0;
    long between = 0;
    for (Parameter parameter : parameters) {
      if (parameter.isTrained()) {
        for (float value : parameter.value().toFloats()) {
          all++;
          between += (Float.floatToRawIntBits(value) & 0xFFFF) == 0 ? 0 : 1;
        }
      }
    }
    return (double) between / all;
  }
}
