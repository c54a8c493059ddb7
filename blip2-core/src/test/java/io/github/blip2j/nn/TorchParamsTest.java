package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Parameters from files of PyTorch. */
final class TorchParamsTest {
  @ParameterizedTest
  @ValueSource(strings = {"float64", "float32", "float16", "bfloat16"})
  void get_anyFloatingType_isReadInFloat32(String name) throws IOException {
    try (Scope home = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(Fixtures.own("torch").resolve("types.pth"))) {
      var weights = new CheckpointWeights("types.pth", checkpoint, KeyMap.identity());

      Parameter parameter = Params.root(weights, home).get(name, Shape.of(2, 3), Init.zeros());

      assertEquals(DType.FLOAT32, parameter.value().dtype());
      assertArrayEquals(new double[] {0, -0.5, 1.5, 2, -3, 96}, parameter.value().toDoubles());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"views.pth", "views_legacy.pth"})
  void get_transposedTensor_isReadInItsOwnOrder(String file) throws IOException {
    try (Scope home = Scope.open();
        Checkpoint checkpoint = Checkpoint.open(Fixtures.own("torch").resolve(file))) {
      var weights = new CheckpointWeights(file, checkpoint, KeyMap.identity());

      Parameter parameter =
          Params.root(weights, home).matrix("transposed", Shape.of(6, 4), Init.zeros());

      assertArrayEquals(
          new double[] {
            0, 6, 12, 18, 1, 7, 13, 19, 2, 8, 14, 20, 3, 9, 15, 21, 4, 10, 16, 22, 5, 11, 17, 23
          },
          parameter.value().toDoubles());
    }
  }
}
