package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Parameters of a checkpoint in a model that is to be evaluated. */
@ExtendWith(InScope.class)
final class LoadParametersTest {
  private final Path folder;
  private final Toy toy = new Toy(7, 0.25);

  LoadParametersTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void release() {
    toy.close();
  }

  private TrainingSettings settings(String name) {
    return TrainingSettings.of(folder.resolve(name), Schedule.Constant.of(0.01));
  }

  @Test
  void loadParameters_modelWithMore_changesWhatIsThereOnly() throws IOException {
    TrainingSettings settings = settings("run");
    Path file =
        new CheckpointFolder(settings.output(), toy.optimizer)
            .writeNamed("best", TrainingPosition.START, settings);
    try (Toy other = new Toy(99, 0)) {
      CheckpointFolder.loadParameters(file, other.params.all().values());

      assertArrayEquals(toy.weights(), other.weights());
      var fewer =
          other.params.all().values().stream().filter(p -> p.name().startsWith("first")).toList();
      var thrown =
          assertThrows(
              CheckpointException.class, () -> CheckpointFolder.loadParameters(file, fewer));
      assertEquals(
          "best.safetensors: tensors of this run expected, got 2 others (second.bias is not in the"
              + " model, second.weight is not in the model); load it into the model that the run has trained",
          thrown.getMessage());
    }
  }

  @Test
  void loadParameters_packedMatrices_areRefusedBeforeAnythingChanges() throws IOException {
    Path file = saved("w", Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
    try (Scope home = Scope.detached()) {
      Params params = Params.root(Weights.random(new SplittableRandom(3)), home);
      Parameter packed = params.packed(Precision.INT8).matrix("w", Shape.of(2, 3), Init.zeros());

      var thrown =
          assertThrows(
              CheckpointException.class,
              () -> CheckpointFolder.loadParameters(file, List.of(packed)));

      assertEquals(
          "best.safetensors: tensors of this run expected, got 1 others (w is packed in the model,"
              + " which is to be loaded unpacked); load it into the model that the run has trained",
          thrown.getMessage());
    }
  }

  @Test
  void loadParameters_roundedTable_getsTheRoundedNumbers() throws IOException {
    Path file = saved("w", Tensor.of(new float[] {1, 2, 3, 4, 5, 6.0001f}, 2, 3));
    try (Scope home = Scope.detached()) {
      Params params = Params.root(Weights.random(new SplittableRandom(3)), home);
      Parameter table = params.packed(Precision.INT8).table("w", Shape.of(2, 3), Init.zeros());

      CheckpointFolder.loadParameters(file, List.of(table));

      assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, table.value().toFloats());
    }
  }

  /** A checkpoint of one parameter. */
  private Path saved(String name, Tensor value) throws IOException {
    try (Scope home = Scope.detached()) {
      Params params = Params.root(Weights.random(new SplittableRandom(3)), home);
      Parameter parameter = params.get(name, value.shape(), (shape, random) -> value);
      parameter.train();
      try (var adamW = new AdamW(ParameterGroup.of(List.of(parameter), 0), AdamWRule.DEFAULT)) {
        TrainingSettings settings = settings("saved");
        return new CheckpointFolder(settings.output(), adamW)
            .writeNamed("best", TrainingPosition.START, settings);
      }
    }
  }
}
