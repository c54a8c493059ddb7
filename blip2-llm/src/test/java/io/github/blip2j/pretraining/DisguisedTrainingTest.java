package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.Disguise;
import io.github.blip2j.backend.Transfers;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training on a memory that Java cannot read. */
final class DisguisedTrainingTest {
  private static final Backend HOST = Backend.of("onednn");
  private static final Backend DEVICE = Disguise.of(HOST);

  @TempDir Path folder;

  @Test
  void stageOne_threeSteps_areThoseOfTheHost() throws IOException {
    List<Transfers> copied = new ArrayList<>();
    List<StepReport> expected = train(HOST, Files.createDirectory(folder.resolve("host")), copied);
    List<StepReport> actual = train(DEVICE, Files.createDirectory(folder.resolve("dev")), copied);

    assertEquals(3, actual.size());
    for (int i = 0; i < 3; i++) {
      assertEquals(expected.get(i).losses().keySet(), actual.get(i).losses().keySet());
      for (var loss : expected.get(i).losses().entrySet()) {
        double value = Objects.requireNonNull(actual.get(i).losses().get(loss.getKey()));
        assertEquals(loss.getValue(), value, 2e-3);
      }
    }
    for (Transfers step : copied) {
      // Pixels, captions, masks and positions up; losses, the hard negatives' scores and one norm
      // down. No number grows with that of the parameters.
      assertTrue(step.uploads() <= 24 && step.downloads() <= 9, step::toString);
      assertTrue(step.uploadedBytes() < 40_000 && step.downloadedBytes() < 1000, step::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf-opt", "hf-t5"})
  void stageTwo_lossAndGradients_areThoseOfTheHost(String name) throws IOException {
    Step expected = stageTwo(HOST, name);
    Step actual = stageTwo(DEVICE, name);

    assertEquals(expected.loss(), actual.loss(), 1e-5);
    assertEquals(expected.gradients().keySet(), actual.gradients().keySet());
    expected
        .gradients()
        .forEach(
            (parameter, gradient) -> {
              double[] there = Objects.requireNonNull(actual.gradients().get(parameter));
              assertArrayEquals(gradient, there, 1e-5, parameter);
            });
    // Ids, masks and positions up; the loss down.
    Transfers copied = actual.copied();
    assertTrue(copied.uploads() <= 16 && copied.downloads() <= 2, copied::toString);
    assertTrue(copied.downloadedBytes() < 100, copied::toString);
  }

  private record Step(double loss, Map<String, double[]> gradients, Transfers copied) {}

  private Step stageTwo(Backend backend, String name) throws IOException {
    try (Scope home = Scope.detached(backend);
        Scope work = Scope.open(backend)) {
      StageTwoModel model = StageTwoModel.load(Fixtures.own(name), home, StageTwoSetup.lavis());
      try (HuggingFaceTokenizer tokenizer = model.openTokenizer()) {
        var training = StageTwoTraining.of(model, tokenizer);
        CaptionBatch batch = Speech.batch(folder, "a red circle", "two stars");
        Transfers before = DEVICE.memory().transfers();
        Tensor total = training.losses(batch, ForwardPass.evaluation()).total();
        total.backward();
        double loss = total.item();
        Transfers copied = DEVICE.memory().transfers().since(before);
        Map<String, double[]> gradients = new TreeMap<>();
        model
            .parameters()
            .forEach(
                (path, parameter) -> {
                  Tensor gradient = parameter.gradient();
                  if (gradient != null) {
                    gradients.put(path, gradient.toDoubles());
                  }
                });
        return new Step(loss, gradients, copied);
      }
    }
  }

  private static List<StepReport> train(Backend backend, Path out, List<Transfers> copied)
      throws IOException {
    List<StepReport> reports = new ArrayList<>();
    try (Scope home = Scope.detached(backend);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(Scenes.MODEL)) {
      Blip2RetrievalModel model = RetrievalLoader.load(Scenes.MODEL, home);
      model.trainQformer();
      TrainingSettings settings =
          TrainingSettings.of(out, Schedule.Constant.of(1e-3)).withMaxSteps(3).withLogEvery(1);
      var groups = ParameterGroup.of(model.parameters().values(), 0.05);
      try (var optimizer = new AdamW(groups, AdamWRule.DEFAULT)) {
        var training = StageOneTraining.of(model, tokenizer);
        Transfers[] before = {DEVICE.memory().transfers()};
        new Trainer<>(training, Scenes.batches(out, 2, 42), optimizer, settings)
            .start(
                new TrainingListener() {
                  @Override
                  public void stepped(StepReport report) {
                    reports.add(report);
                    Transfers now = DEVICE.memory().transfers();
                    copied.add(now.since(before[0]));
                    before[0] = now;
                  }
                });
      }
    }
    return reports;
  }
}
