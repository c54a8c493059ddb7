package io.github.blip2j.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.tensor.types.Activation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class GradientCheckpointTest {
  private static final int SIZE = 40;

  private final List<double[]> received = new ArrayList<>();
  private final Random random = new Random(3);
  private int runs;

  private Tensor matrix() {
    return Tensor.of(random.doubles(SIZE * SIZE, -1, 1).toArray(), SIZE, SIZE);
  }

  private Tensor leaf(Tensor value) {
    return value.leaf(g -> received.add(g.toDoubles()));
  }

  /** What a layer does: products, an activation, a norm of the sum. */
  private Tensor layer(Tensor x, Tensor weight) {
    runs++;
    return x.linear(weight, null).activate(Activation.GELU).matmul(weight).add(x).softmax();
  }

  private Tensor recomputed(Tensor x, Tensor weight) {
    GradientCheckpoint.Part part = in -> layer(in.get(0), weight);
    return GradientCheckpoint.of(List.of(x), part, part);
  }

  @Test
  void backward_equalsTheOneThatRemembersToTheLastBit() {
    Map<String, double[]> byName = new HashMap<>();
    Tensor x = matrix().leaf(g -> byName.put("x", g.toDoubles()));
    Tensor weight = matrix().leaf(g -> byName.put("weight", g.toDoubles()));
    Tensor other = matrix().leaf(g -> byName.put("other", g.toDoubles()));
    Tensor seed = matrix();

    Tensor remembered = layer(layer(x, weight), other);
    remembered.backward(seed);
    Map<String, double[]> expected = Map.copyOf(byName);
    byName.clear();
    Tensor again = recomputed(recomputed(x, weight), other);
    again.backward(seed);

    assertArrayEquals(remembered.toDoubles(), again.toDoubles());
    assertEquals(Set.of("x", "weight", "other"), expected.keySet());
    expected.forEach((name, gradient) -> assertArrayEquals(gradient, byName.get(name), name));
  }

  @Test
  void forward_keepsTheResultAndNoIntermediateValue() {
    Tensor x = leaf(matrix());
    Tensor weight = leaf(matrix());
    long before = TensorMemory.usedBytes();

    Tensor y = recomputed(x, weight);

    long matrix = (long) SIZE * SIZE * Double.BYTES;
    long kept = TensorMemory.usedBytes() - before;
    assertTrue(y.requiresGrad());
    assertTrue(kept >= matrix && kept < 1.5 * matrix, () -> "kept " + kept + " bytes");
  }

  @Test
  void backward_releasesWhatItComputedAgain() {
    Tensor x = leaf(matrix());
    Tensor weight = leaf(matrix());
    Tensor y = recomputed(x, weight);
    Tensor seed = matrix();
    long before = TensorMemory.usedBytes();

    y.backward(seed);

    long matrix = (long) SIZE * SIZE * Double.BYTES;
    long kept = TensorMemory.usedBytes() - before; // the gradient of x
    assertTrue(kept >= matrix && kept < 1.5 * matrix, () -> "kept " + kept + " bytes");
    assertEquals(2, runs);
  }

  @Test
  void backward_onlyALeafInside_getsItsGradient() {
    Tensor x = matrix();
    Tensor weight = leaf(matrix());
    Tensor seed = matrix();

    recomputed(x, weight).backward(seed);
    layer(x, weight).backward(seed);

    assertEquals(2, received.size());
    assertArrayEquals(received.get(1), received.get(0));
  }

  @Test
  void backward_nested_isTheSame() {
    Tensor x = leaf(matrix());
    Tensor weight = matrix();
    Tensor seed = matrix();
    GradientCheckpoint.Part two = in -> recomputed(recomputed(in.get(0), weight), weight);

    GradientCheckpoint.of(List.of(x), two, two).backward(seed);
    layer(layer(x, weight), weight).backward(seed);

    assertArrayEquals(received.get(1), received.get(0));
  }

  @Test
  void backward_severalInputs_reachesThoseThatWantAGradient() {
    Tensor constant = Tensor.of(new double[] {5}, 1);
    Tensor a = leaf(Tensor.of(new double[] {2}, 1));
    List<double[]> ofUnused = new ArrayList<>();
    Tensor unused =
        Tensor.of(new double[] {7, 7}, 2).leaf(gradient -> ofUnused.add(gradient.toDoubles()));
    GradientCheckpoint.Part part = in -> in.get(0).mul(in.get(1));

    GradientCheckpoint.of(List.of(constant, a, unused), part, part).backward();

    assertEquals(1, received.size());
    assertArrayEquals(new double[] {5}, received.get(0));
    assertEquals(1, ofUnused.size());
    assertArrayEquals(new double[] {0, 0}, ofUnused.get(0));
  }

  @Test
  void of_nothingThatWantsAGradient_recordsNothing() {
    assertFalse(recomputed(matrix(), matrix()).requiresGrad());
    Tensor leaf = leaf(matrix());
    try (var off = GradMode.noGrad()) {
      assertFalse(recomputed(leaf, leaf).requiresGrad());
    }
    assertEquals(2, runs);
  }

  @Test
  void of_partThatReturnsItsInput_handsTheGradientThrough() {
    Tensor x = leaf(Tensor.of(new double[] {1, 2}, 2));
    GradientCheckpoint.Part part = in -> in.get(0);

    GradientCheckpoint.of(List.of(x), part, part).backward(Tensor.of(new double[] {3, 4}, 2));

    assertArrayEquals(new double[] {3, 4}, received.get(0));
    assertEquals(1, received.size());
  }

  @Test
  void backward_inputChangedMeanwhile_isRefused() {
    Tensor x = Tensor.of(new double[] {1, 2}, 2);
    Tensor scale = leaf(Tensor.of(new double[] {3}, 1));
    GradientCheckpoint.Part part = in -> in.get(0).mul(scale);
    Tensor y = GradientCheckpoint.of(List.of(x), part, part);
    x.scaleInPlace(2);

    var e = assertThrows(IllegalStateException.class, () -> y.sum().backward());

    assertEquals(
        "recomputed: gradient expected the value made by Tensor.of unchanged, got one changed in place"
            + " since; change a copy",
        e.getMessage());
  }

  @Test
  void recordAgain_outsideABackwardPass_isRefused() {
    try (var off = GradMode.noGrad()) {
      var e = assertThrows(IllegalStateException.class, GradMode::recordAgain);

      assertEquals(
          "autograd: recording again expected inside a backward pass, got none on this thread",
          e.getMessage());
      assertFalse(GradMode.isRecording());
    }
  }

  @Test
  void recordAgain_closed_leavesTheBackwardPassWithoutRecording() {
    try (var backward = GradMode.backward();
        var inner = GradMode.noGrad()) {
      try (var again = GradMode.recordAgain()) {
        assertTrue(GradMode.isRecording());
      }
      assertFalse(GradMode.isRecording());
    }
    assertTrue(GradMode.isRecording());
  }
}
