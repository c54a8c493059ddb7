package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class DropPathTest {
  private static final int SAMPLES = 4000;

  private final DropPath dropPath = new DropPath(0.3);

  /** A branch of this value, which adds what it is given. */
  private static Function<@Nullable Tensor, Tensor> branch(Tensor value) {
    return residual -> residual == null ? value : value.add(residual);
  }

  @Test
  void add_whileTraining_leavesOutWholeSamplesAndKeepsTheExpectation() {
    Tensor x = Tensor.full(DType.FLOAT32, 10, SAMPLES, 2, 3);
    Tensor value = Tensor.full(DType.FLOAT32, 0.7, SAMPLES, 2, 3);

    float[] y = dropPath.add(x, branch(value), ForwardPass.training(new Random(5))).toFloats();

    int leftOut = 0;
    for (int sample = 0; sample < SAMPLES; sample++) {
      float first = y[sample * 6];
      leftOut += first == 10 ? 1 : 0;
      for (int i = 0; i < 6; i++) {
        assertEquals(first == 10 ? 10 : 11, y[sample * 6 + i], 1e-5);
      }
    }
    double deviation = Math.sqrt(0.3 * 0.7 * SAMPLES);
    assertEquals(0.3 * SAMPLES, leftOut, 4 * deviation);
  }

  @Test
  void add_whileEvaluating_leavesTheSumToTheBranch() {
    Tensor x = Tensor.full(DType.FLOAT32, 1, 2, 3);
    Tensor sum = Tensor.full(DType.FLOAT32, 2, 2, 3);

    Tensor y =
        dropPath.add(
            x,
            residual -> {
              assertSame(x, residual);
              return sum;
            },
            ForwardPass.evaluation());

    assertSame(sum, y);
  }

  @Test
  void add_probabilityZero_drawsNothing() {
    Tensor x = Tensor.full(DType.FLOAT32, 1, 2, 3);
    Random random = new Random(5);

    Tensor y = new DropPath(0).add(x, branch(x), ForwardPass.training(random));

    assertArrayEquals(new float[] {2, 2, 2, 2, 2, 2}, y.toFloats());
    assertEquals(new Random(5).nextLong(), random.nextLong());
  }

  @Test
  void backward_reachesTheBranchOfSamplesThatAreKept() {
    Tensor[] gradients = new Tensor[2];
    Tensor x = Tensor.full(DType.FLOAT32, 0, 50, 2).leaf(g -> gradients[0] = g);
    Tensor value = Tensor.full(DType.FLOAT32, 1, 50, 2).leaf(g -> gradients[1] = g);

    Tensor y = dropPath.add(x, branch(value), ForwardPass.training(new Random(5)));
    y.sum().backward();

    assertArrayEquals(Tensor.full(DType.FLOAT32, 1, 50, 2).toFloats(), gradients[0].toFloats());
    assertArrayEquals(y.toFloats(), gradients[1].toFloats());
    assertTrue(y.sum().item() < 50 * 2 / 0.7, "some sample must be left out");
  }

  @Test
  void linear_growsFromZeroToTheLast() {
    assertEquals(0, DropPath.linear(0.4, 0, 39));
    assertEquals(0.2, DropPath.linear(0.4, 19, 39), 1e-12);
    assertEquals(0.4, DropPath.linear(0.4, 38, 39), 1e-12);
    assertEquals(0, DropPath.linear(0.4, 0, 1));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1, Double.NaN})
  void constructor_probabilityOutOfBounds_isRefused(double probability) {
    var e = assertThrows(IllegalArgumentException.class, () -> new DropPath(probability));

    assertEquals("drop path: probability expected in [0, 1), got " + probability, e.getMessage());
  }
}
