package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.vision.image.Augmentation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files in, checkpoints out, with dropout in the Q-Former and in the language model. */
final class StageTwoRunTest {
  private final Path folder;
  private final int threads = Threads.count();
  private final List<Double> losses = new ArrayList<>();

  StageTwoRunTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeEach
  void oneThread() {
    Threads.use(1);
  }

  @AfterEach
  void asBefore() {
    Threads.use(threads);
  }

  @Test
  void start_someUpdates_lowerTheLoss() throws IOException {
    train(Speech.OPT, "run", 24, false);

    double first = mean(losses.subList(0, 4));
    double last = mean(losses.subList(20, 24));
    assertTrue(last < 0.7 * first, "mean loss of the first 4 updates " + first + ", last " + last);
  }

  @Test
  void start_withInstructions_lowersTheLoss() throws IOException {
    train(Questions.MODEL, "run", 24, false);

    double first = mean(losses.subList(0, 4));
    double last = mean(losses.subList(20, 24));
    assertTrue(last < 0.8 * first, "mean loss of the first 4 updates " + first + ", last " + last);
  }

  @Test
  void resume_withinAnEpoch_endsWithTheSameBits() throws IOException {
    assertResumes(Speech.withDropout(folder, 0.2));
  }

  @Test
  void resume_withInstructions_endsWithTheSameBits() throws IOException {
    assertResumes(Questions.MODEL);
  }

  private void assertResumes(Path model) throws IOException {
    train(model, "whole", 7, false);
    train(model, "parts", 3, false);
    TrainingPosition end = train(model, "parts", 7, true);

    assertEquals(new TrainingPosition(7, 3, 1), end);
    String last = "step-00000007.safetensors";
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("whole").resolve(last)),
        Files.readAllBytes(folder.resolve("parts").resolve(last)));
  }

  private static double mean(List<Double> numbers) {
    return numbers.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  private TrainingPosition train(Path from, String run, long steps, boolean resume)
      throws IOException {
    var schedule = new Schedule.WarmupCosine(5e-3, 1e-3, 20, new Warmup(1e-3, 3));
    var settings =
        TrainingSettings.of(folder.resolve(run), schedule)
            .withEpochs(20)
            .withMaxSteps(steps)
            .withLogEvery(1);
    try (Scope home = Scope.detached()) {
      StageTwoModel model = StageTwoModel.load(from, home, StageTwoSetup.lavis());
      CaptionBatches pairs =
          model.blip2().config().readsInstruction()
              ? Questions.batches(folder, 2)
              : Speech.batches(folder, 2);
      CaptionBatches batches = pairs.with(Augmentation.blip2());
      var groups = ParameterGroup.of(model.parameters().values(), 0.05);
      try (var optimizer = new AdamW(groups, AdamWRule.DEFAULT);
          var tokenizer = model.openTokenizer();
          var instructions = model.openInstructionTokenizer()) {
        var training = StageTwoTraining.of(model, tokenizer, instructions);
        var trainer = new Trainer<>(training, batches, optimizer, settings);
        return resume ? trainer.resume(recording()) : trainer.start(recording());
      }
    }
  }

  private TrainingListener recording() {
    return new TrainingListener() {
      @Override
      public void stepped(StepReport report) {
        losses.add(report.losses().get("loss"));
      }
    };
  }
}
