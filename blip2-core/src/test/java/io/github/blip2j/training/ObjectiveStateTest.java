package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Objectives that keep tensors from update to update. */
@ExtendWith(InScope.class)
final class ObjectiveStateTest {
  private final Path folder;

  ObjectiveStateTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** The toy's losses, and a queue of the latest ones that it keeps. */
  private record Queued(Toy toy, Tensor queue) implements Objective<Toy.ToyBatch> {
    @Override
    public Losses losses(Toy.ToyBatch batch, ForwardPass pass) {
      Losses losses = toy.losses(batch, pass);
      Tensor pull = losses.total().sub(queue.mean());
      try (var off = GradMode.noGrad()) {
        queue.narrow(0, 1, 2).copyInPlace(queue.narrow(0, 0, 2).copy());
        queue.narrow(0, 0, 1).copyInPlace(losses.total().detach().reshape(1));
      }
      return losses.plus("pull", pull.mul(pull));
    }

    @Override
    public Map<String, Tensor> state() {
      return Map.of("queue", queue);
    }
  }

  @Test
  void resume_stateOfAnObjective_goesOn() throws IOException {
    Map<String, float[]> weights = new LinkedHashMap<>();
    try (Scope home = Scope.detached()) {
      for (String name : List.of("whole", "first", "second")) {
        try (Toy learner = new Toy(name.equals("second") ? 99 : 7, 0.25)) {
          Tensor queue = home.adopt(Tensor.zeros(DType.FLOAT32, Shape.of(3).toArray()));
          Path run = folder.resolve(name.equals("whole") ? "whole" : "parts");
          TrainingSettings settings =
              TrainingSettings.of(run, Schedule.Constant.of(0.02))
                  .withEpochs(4)
                  .withMaxSteps(name.equals("first") ? 3 : 6);
          var trainer =
              new Trainer<>(
                  new Queued(learner, queue), Toy.source(5, 4), learner.optimizer, settings);
          if (name.equals("second")) {
            trainer.resume(TrainingListener.NONE);
          } else {
            trainer.start(TrainingListener.NONE);
          }
          weights.put(name, learner.weights());
        }
      }
    }

    assertArrayEquals(weights.get("whole"), weights.get("second"));
    try (SafetensorsFile saved =
        SafetensorsFile.open(folder.resolve("parts/step-00000006.safetensors"))) {
      assertEquals(true, saved.tensors().containsKey("objective.queue"));
    }
  }

  /** The toy's losses pulled to a running mean of themselves, and trouble on its fifth call. */
  private static final class Pulled implements Objective<Toy.ToyBatch> {
    private final Toy toy;
    private final Tensor mean;
    private final Trouble trouble;
    private int calls;

    Pulled(Toy toy, Tensor mean, Trouble trouble) {
      this.toy = toy;
      this.mean = mean;
      this.trouble = trouble;
    }

    @Override
    public Losses losses(Toy.ToyBatch batch, ForwardPass pass) {
      boolean now = pass.isTraining() && ++calls == 6; // the second batch of the third update
      if (now && trouble == Trouble.BEFORE) {
        throw new IllegalStateException("disturbed");
      }
      Losses losses = toy.losses(batch, pass);
      Tensor pull = losses.total().sub(mean.copy());
      if (pass.isTraining()) {
        mean.scaleInPlace(now && trouble == Trouble.NOT_A_NUMBER ? Double.NaN : 0.5);
        mean.addInPlace(losses.total().detach().mul(0.5).reshape(1));
      }
      if (now && trouble == Trouble.AFTER) {
        throw new OutOfMemoryError("as if");
      }
      Tensor sum = pull.mul(pull).mean();
      return losses.plus(
          "pull", now && trouble == Trouble.NOT_A_NUMBER ? sum.mul(Double.NaN) : sum);
    }

    @Override
    public Map<String, Tensor> state() {
      return Map.of("mean", mean);
    }
  }

  private enum Trouble {
    NONE,
    BEFORE,
    AFTER,
    NOT_A_NUMBER
  }

  /** Trains or resumes the toy, two batches an update, validated after each epoch. */
  private float[] run(String name, Trouble trouble, boolean resume) throws IOException {
    try (Scope home = Scope.detached();
        Toy learner = new Toy(resume ? 99 : 7, 0.25)) {
      Tensor mean = home.adopt(Tensor.zeros(DType.FLOAT32, 1));
      var objective = new Pulled(learner, mean, trouble);
      TrainingSettings settings =
          TrainingSettings.of(folder.resolve(name), Schedule.Constant.of(0.02))
              .withEpochs(4)
              .withAccumulate(2)
              .withMaxSteps(7);
      var trainer =
          new Trainer<>(objective, Toy.source(5, 4), learner.optimizer, settings); // one is dropped
      TrainingListener validating =
          new TrainingListener() {
            @Override
            public void epochEnded(TrainingPosition position, RunControl run) {
              objective.losses(new Toy.ToyBatch(40, 4), ForwardPass.evaluation());
            }
          };
      if (resume) {
        trainer.resume(validating);
      } else if (trouble == Trouble.NONE) {
        trainer.start(TrainingListener.NONE); // without validation, which is to leave no trace
      } else {
        assertThrows(Throwable.class, () -> trainer.start(validating));
      }
      float[] weights = learner.weights();
      float[] all = Arrays.copyOf(weights, weights.length + 1);
      all[weights.length] = mean.toFloats()[0];
      return all;
    }
  }

  @ParameterizedTest
  @EnumSource(value = Trouble.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void resume_afterAnUpdateThatFailed_goesOnWithTheStateBefore(Trouble trouble) throws IOException {
    float[] whole = run("whole", Trouble.NONE, false);

    run("parts", trouble, false);

    assertArrayEquals(whole, run("parts", Trouble.NONE, true));
  }

  @Test
  void make_tooFewBatches_leavesTheState() {
    try (Scope home = Scope.detached();
        Toy learner = new Toy(7, 0)) {
      Tensor mean = home.adopt(Tensor.of(new float[] {2}, 1));
      TrainingSettings settings =
          TrainingSettings.of(folder, Schedule.Constant.of(0.02)).withAccumulate(2);
      var objective = new Pulled(learner, mean, Trouble.NONE);
      var step = new TrainStep<>(objective, learner.optimizer, settings);

      var outcome = step.make(List.of(new Toy.ToyBatch(0, 4)).iterator(), TrainingPosition.START);

      assertNull(outcome);
      assertEquals(1, objective.calls);
      assertArrayEquals(new float[] {2}, mean.toFloats());
    }
  }

  @Test
  void make_stateThatCanNotBeRestored_isNotWhole() {
    try (Scope home = Scope.detached();
        Toy learner = new Toy(7, 0)) {
      Tensor[] own = {home.adopt(Tensor.zeros(DType.FLOAT32, 2))};
      Objective<Toy.ToyBatch> objective =
          new Objective<>() {
            @Override
            public Losses losses(Toy.ToyBatch batch, ForwardPass pass) {
              own[0] = home.adopt(Tensor.zeros(DType.FLOAT32, 3));
              throw new IllegalStateException("disturbed");
            }

            @Override
            public Map<String, Tensor> state() {
              return Map.of("queue", own[0]);
            }
          };
      TrainingSettings settings = TrainingSettings.of(folder, Schedule.Constant.of(0.02));
      var step = new TrainStep<>(objective, learner.optimizer, settings);

      var thrown =
          assertThrows(
              IllegalStateException.class,
              () -> step.make(List.of(new Toy.ToyBatch(0, 4)).iterator(), TrainingPosition.START));

      assertEquals("disturbed", thrown.getMessage());
      assertEquals(
          "objective: state queue expected to stay FLOAT32 [2], got FLOAT32 [3]; keep names, types"
              + " and shapes",
          thrown.getSuppressed()[0].getMessage());
      assertFalse(step.isWhole());
    }
  }
}
