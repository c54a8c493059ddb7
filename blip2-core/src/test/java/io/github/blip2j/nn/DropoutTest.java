package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class DropoutTest {
  private static final int COUNT = 40_000;

  private final Dropout dropout = new Dropout(0.3);

  @Test
  void forward_whileTraining_keepsTheExpectation() {
    Tensor x = Tensor.full(DType.FLOAT32, 2, COUNT);

    double[] y = dropout.forward(x, ForwardPass.training(new Random(5))).toDoubles();

    int zeros = 0;
    for (double value : y) {
      zeros += value == 0 ? 1 : 0;
      assertTrue(value == 0 || Math.abs(value - 2 / 0.7) < 1e-6, () -> "got " + value);
    }
    double deviation = Math.sqrt(0.3 * 0.7 * COUNT);
    assertEquals(0.3 * COUNT, zeros, 4 * deviation);
  }

  @Test
  void forward_sameSource_thinsAlike() {
    Tensor x = Tensor.full(DType.FLOAT32, 1, 100);

    float[] one = dropout.forward(x, ForwardPass.training(new Random(5))).toFloats();
    float[] other = dropout.forward(x, ForwardPass.training(new Random(5))).toFloats();

    assertArrayEquals(one, other);
  }

  @Test
  void forward_whileEvaluating_isTheIdentity() {
    Tensor x = Tensor.full(DType.FLOAT32, 1, 4);

    assertSame(x, dropout.forward(x, ForwardPass.evaluation()));
    assertFalse(dropout.isActive(ForwardPass.evaluation()));
  }

  @Test
  void forward_probabilityZero_isTheIdentityAndDrawsNothing() {
    Tensor x = Tensor.full(DType.FLOAT32, 1, 4);
    Random random = new Random(5);

    assertSame(x, new Dropout(0).forward(x, ForwardPass.training(random)));
    assertEquals(new Random(5).nextLong(), random.nextLong());
  }

  @Test
  void backward_gradientPassesWhereValuesDid() {
    Tensor[] gradient = new Tensor[1];
    Tensor x = Tensor.full(DType.FLOAT32, 1, 50).leaf(g -> gradient[0] = g);

    Tensor y = dropout.forward(x, ForwardPass.training(new Random(5)));
    y.sum().backward();

    assertArrayEquals(y.toFloats(), gradient[0].toFloats());
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1, Double.NaN})
  void constructor_probabilityOutOfBounds_isRefused(double probability) {
    var e = assertThrows(IllegalArgumentException.class, () -> new Dropout(probability));

    assertEquals("dropout: probability expected in [0, 1), got " + probability, e.getMessage());
  }
}
