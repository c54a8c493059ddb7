package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class ParameterTest {
  private final Scope home = Scope.detached();
  private Parameter weight;

  @BeforeEach
  void open() {
    weight = Params.root(Weights.random(new Random(1)), home).get("w", Shape.of(2), Init.ones());
  }

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void frozen_atFirst_recordsNothing() {
    try (var step = Scope.open()) {
      assertFalse(weight.isTrained());
      assertFalse(weight.value().mul(2).requiresGrad());
    }
  }

  @Test
  void gradient_outlivesTheStep() {
    weight.train();

    step(3);

    assertTrue(weight.isTrained());
    assertGradient(3, 6);
  }

  @Test
  void gradient_twoBackwardPasses_addUp() {
    weight.train();

    step(3);
    step(1);

    assertGradient(4, 8);
  }

  @Test
  void train_twice_countsGradientsOnce() {
    weight.train();
    weight.train();

    step(3);

    assertGradient(3, 6);
  }

  @Test
  void clearGradient_givesTheMemoryBackAndStartsAnew() {
    weight.train();
    step(3);
    Tensor first = weight.gradient();
    assertNotNull(first);

    weight.clearGradient();

    assertNull(weight.gradient());
    assertThrows(IllegalStateException.class, first::toFloats);
    step(5);
    assertGradient(5, 10);
  }

  @Test
  void gradient_thatTwoReceive_isNotTheSameMemory() {
    Parameter other =
        Params.root(Weights.random(new Random(1)), home).get("v", Shape.of(2), Init.ones());
    weight.train();
    other.train();

    try (var step = Scope.open()) {
      Tensor factors = Tensor.of(new float[] {3, 6}, 2);
      weight.value().add(other.value()).mul(factors).sum().backward();
      Tensor gradient = other.gradient();
      assertNotNull(gradient);
      gradient.scaleInPlace(0);
    }

    assertGradient(3, 6);
  }

  @Test
  void clearGradient_afterNan_forgetsIt() {
    weight.train();
    step(Double.NaN);

    weight.clearGradient();
    step(5);

    assertGradient(5, 10);
  }

  @Test
  void clearGradient_beforeTheFirst_doesNothing() {
    weight.clearGradient();

    assertNull(weight.gradient());
  }

  @Test
  void freeze_forgetsGradientAndRecordsNoMore() {
    weight.train();
    step(3);

    weight.freeze();

    assertNull(weight.gradient());
    assertFalse(weight.isTrained());
    assertThrows(IllegalStateException.class, () -> step(1));
  }

  @Test
  void freeze_andTrainAgain_valueStays() {
    weight.train();
    weight.freeze();
    weight.train();

    step(2);

    assertArrayEquals(new float[] {1, 1}, weight.value().toFloats());
    assertGradient(2, 4);
  }

  @Test
  void value_afterItsHomeEnds_isGone() {
    home.close();

    assertThrows(IllegalStateException.class, () -> weight.value().toFloats());
    assertEquals("w", weight.name());
  }

  /** A backward pass whose gradient is {@code [scale, 2 scale]}. */
  private void step(double scale) {
    try (var scope = Scope.open()) {
      weight.value().mul(Tensor.of(new float[] {1, 2}, 2)).mul(scale).sum().backward();
    }
  }

  private void assertGradient(float... expected) {
    Tensor gradient = weight.gradient();
    assertNotNull(gradient);
    assertArrayEquals(expected, gradient.toFloats());
  }
}
