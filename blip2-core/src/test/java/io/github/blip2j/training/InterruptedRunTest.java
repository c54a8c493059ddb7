package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.training.run.RunDescription;
import io.github.blip2j.training.run.RunFolder;
import io.github.blip2j.training.validation.BestMetric;
import io.github.blip2j.training.validation.LossEvaluator;
import io.github.blip2j.training.validation.Validation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A run with everything, interrupted at random ten times. */
@ExtendWith(InScope.class)
final class InterruptedRunTest {
  private static final int STEPS = 120;
  private static final int INTERRUPTIONS = 10;

  private final Path folder;

  InterruptedRunTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private static final class Interrupted extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** Stops a run or makes it fail after an update, or does neither. */
  private record Interruption(long step, boolean fails) implements TrainingListener {
    @Override
    public void updated(TrainStep.Outcome outcome, RunControl run) {
      if (outcome.position().step() == step) {
        if (fails) {
          throw new Interrupted();
        }
        run.stop();
      }
    }
  }

  private TrainingPosition train(String run, Interruption interruption, boolean resumes)
      throws IOException {
    TrainingSettings settings =
        TrainingSettings.of(folder.resolve(run), Schedule.Constant.of(0.003))
            .withEpochs(100)
            .withMaxSteps(STEPS)
            .withLogEvery(4)
            .withCheckpointEvery(5)
            .withAccumulate(2);
    BatchSource<Toy.ToyBatch> others = (epoch, first) -> Stream.of(new Toy.ToyBatch(90, 6));
    try (Toy toy = new Toy(resumes ? 99 : 7, 0.25);
        var average = WeightAverage.of(toy.optimizer, 0.95);
        var opened = RunFolder.open(settings.output(), RunDescription.of("train toy"))) {
      var trainer =
          new Trainer<>(toy::losses, Toy.source(7, 4), toy.optimizer, settings)
              .withAverage(average);
      TrainingListener listener =
          Validation.of(List.of(LossEvaluator.of(toy::losses, others)))
              .every(3)
              .withBest(BestMetric.min("loss"))
              .withPatience(STEPS)
              .withAverage(average)
              .and(interruption)
              .and(opened);
      return resumes ? trainer.resume(listener) : trainer.start(listener);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void resume_afterTenInterruptions_endsWithTheSameBits(long seed) throws IOException {
    Random random = new Random(seed);
    train("whole", new Interruption(-1, false), false);
    long at = 0;
    for (int i = 0; i < INTERRUPTIONS; i++) {
      at += 1 + random.nextInt(STEPS / INTERRUPTIONS - 1);
      try {
        train("parts", new Interruption(at, random.nextBoolean()), i > 0);
      } catch (ListenerException e) {
        assertTrue(e.getCause() instanceof Interrupted, e.toString());
      }
    }
    TrainingPosition end = train("parts", new Interruption(-1, false), true);

    assertEquals(STEPS, end.step());
    for (String name : List.of("step-00000120.safetensors", "best.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(folder.resolve("whole").resolve(name)),
          Files.readAllBytes(folder.resolve("parts").resolve(name)),
          name);
    }
    assertEquals(Toy.log(folder.resolve("whole")), Toy.log(folder.resolve("parts")));
  }
}
