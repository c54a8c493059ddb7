package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

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
}
