package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class ForwardPassTest {
  private static final Dropout HALF = new Dropout(0.5);

  @Test
  void evaluation_hasNoRandomSourceAndNobodyWatches() {
    ForwardPass pass = ForwardPass.evaluation();

    assertNull(pass.random());
    assertFalse(pass.observer().wantsAttention());
  }

  @Test
  void observedBy_keepsTheRandomSourceAndLeavesTheOriginalAlone() {
    Random random = new Random(1);
    ForwardPass training = ForwardPass.training(random);
    ForwardPass.Observer observer = new ForwardPass.Observer() {};

    ForwardPass observed = training.observedBy(observer);

    assertSame(random, observed.random());
    assertSame(observer, observed.observer());
    assertFalse(training.observer() == observer);
  }

  @Test
  void isTraining_isTrueOfTrainingAlsoInsideLayers() {
    ForwardPass training = ForwardPass.training(new Random(1));
    List<Boolean> inside = new ArrayList<>();
    ForwardPass.Layer layer =
        (in, pass) -> {
          inside.add(pass.isTraining());
          return in.get(0).mul(2);
        };
    Tensor x = Tensor.full(DType.FLOAT32, 1, 2).leaf(g -> {});

    training.withGradientCheckpointing().layer(List.of(x), layer).sum().backward();
    ForwardPass.evaluation().layer(List.of(x), layer);

    assertEquals(List.of(true, true, false), inside); // twice when it is recomputed
    assertTrue(training.observedBy(new ForwardPass.Observer() {}).isTraining());
    assertFalse(training.evaluating().isTraining());
    assertFalse(ForwardPass.evaluation().isTraining());
  }

  @Test
  void evaluating_stopsDropoutAndKeepsTheObserver() {
    ForwardPass.Observer observer = new ForwardPass.Observer() {};

    ForwardPass pass = ForwardPass.training(new Random(1)).observedBy(observer).evaluating();

    assertNull(pass.random());
    assertSame(observer, pass.observer());
  }

  @Test
  void layer_recomputing_dropsOutTheSameBothTimes() {
    Tensor[] gradient = new Tensor[1];
    Tensor x = Tensor.full(DType.FLOAT32, 1, 50).leaf(g -> gradient[0] = g);
    ForwardPass pass = ForwardPass.training(new Random(5)).withGradientCheckpointing();

    Tensor y = pass.layer(List.of(x), (in, inside) -> HALF.forward(in.get(0), inside));
    y.sum().backward();

    assertArrayEquals(y.toFloats(), gradient[0].toFloats());
  }

  @Test
  void layer_recomputingOrNot_drawsTheSame() {
    Tensor x = Tensor.full(DType.FLOAT32, 1, 50);
    ForwardPass remembering = ForwardPass.training(new Random(5));
    ForwardPass recomputing = ForwardPass.training(new Random(5)).withGradientCheckpointing();

    for (int i = 0; i < 2; i++) {
      ForwardPass.Layer layer = (in, inside) -> HALF.forward(in.get(0), inside);
      float[] remembered = remembering.layer(List.of(x), layer).toFloats();
      float[] recomputed = recomputing.layer(List.of(x), layer).toFloats();

      assertArrayEquals(remembered, recomputed);
    }
  }

  @Test
  void layer_twoLayers_dropOutDifferently() {
    Tensor x = Tensor.full(DType.FLOAT32, 1, 50);
    ForwardPass pass = ForwardPass.training(new Random(5));
    ForwardPass.Layer layer = (in, inside) -> HALF.forward(in.get(0), inside);

    float[] first = pass.layer(List.of(x), layer).toFloats();
    float[] second = pass.layer(List.of(x), layer).toFloats();

    assertFalse(Arrays.equals(first, second));
  }

  @Test
  void layer_recomputing_isSeenOnceAndComputedAlike() {
    List<Boolean> wanted = new ArrayList<>();
    List<Integer> seen = new ArrayList<>();
    ForwardPass.Observer observer =
        new ForwardPass.Observer() {
          @Override
          public void hiddenState(String path, int index, Tensor x) {
            seen.add(index);
          }

          @Override
          public boolean wantsAttention() {
            return true;
          }
        };
    Tensor x = Tensor.full(DType.FLOAT32, 1, 2).leaf(g -> {});

    Tensor y =
        ForwardPass.evaluation()
            .observedBy(observer)
            .withGradientCheckpointing()
            .layer(
                List.of(x),
                (in, inside) -> {
                  wanted.add(inside.observer().wantsAttention());
                  inside.observer().hiddenState("layer", 7, in.get(0));
                  return in.get(0).mul(2);
                });
    y.sum().backward();

    assertEquals(List.of(true, true), wanted);
    assertEquals(List.of(7), seen);
  }

  @Test
  void remembering_undoesRecomputing() {
    List<Integer> runs = new ArrayList<>();
    Tensor x = Tensor.full(DType.FLOAT32, 1, 2).leaf(g -> {});

    Tensor y =
        ForwardPass.evaluation()
            .withGradientCheckpointing()
            .withoutGradientCheckpointing()
            .layer(
                List.of(x),
                (in, inside) -> {
                  runs.add(1);
                  return in.get(0).mul(2);
                });
    y.sum().backward();

    assertEquals(1, runs.size());
  }
}
