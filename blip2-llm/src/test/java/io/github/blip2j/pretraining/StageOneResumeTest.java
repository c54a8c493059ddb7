package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.Threads;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.vision.image.Augmentation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files in, checkpoints out, with dropout, augmentation and negatives drawn on the way. */
final class StageOneResumeTest {
  private final Path folder;
  private final int threads = Threads.count();

  StageOneResumeTest(@TempDir Path folder) {
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

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "BFLOAT16"})
  void resume_withinAnEpoch_endsWithTheSameBits(Precision factors) throws IOException {
    train("whole", 7, false, factors);
    train("parts", 3, false, factors);
    TrainingPosition end = train("parts", 7, true, factors);

    assertEquals(new TrainingPosition(7, 1, 3), end);
    String last = "step-00000007.safetensors";
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("whole").resolve(last)),
        Files.readAllBytes(folder.resolve("parts").resolve(last)));
  }

  private TrainingPosition train(String run, long steps, boolean resume, Precision factors)
      throws IOException {
    var schedule = new Schedule.WarmupCosine(1e-2, 1e-4, 3, new Warmup(1e-3, 3));
    var settings =
        TrainingSettings.of(folder.resolve(run), schedule)
            .withEpochs(3)
            .withMaxSteps(steps)
            .withPrecision(factors);
    try (Scope home = Scope.detached();
        var tokenizer = HuggingFaceTokenizer.open(Scenes.MODEL)) {
      Blip2RetrievalModel model = RetrievalLoader.load(Scenes.MODEL, home);
      model.computeIn(factors);
      model.trainQformer();
      var batches = Scenes.batches(folder, 2, 42).with(Augmentation.blip2());
      var groups = ParameterGroup.of(model.parameters().values(), 0.05);
      try (var optimizer = new AdamW(groups, AdamWRule.DEFAULT)) {
        var trainer =
            new Trainer<>(StageOneTraining.of(model, tokenizer), batches, optimizer, settings);
        return resume
            ? trainer.resume(TrainingListener.NONE)
            : trainer.start(TrainingListener.NONE);
      }
    }
  }
}
