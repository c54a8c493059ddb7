package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention with grouped heads and rotary positions against plain loops in double. */
final class GroupedAttentionTest {
  private static final double FLOAT32 = 1e-5;
  private static final float[] FREQUENCIES = {1, 0.3f};
  private static final double[] WIDE = {1, 0.3f};
  private static final int[][] KEEP = {{1, 1, 1, 1, 1}, {0, 0, 1, 1, 1}};
  private static final long[][] POSITIONS = {{0, 1, 2, 3, 4}, {0, 0, 0, 1, 2}};
  private static final AttentionOptions PLAIN = AttentionOptions.of(ForwardPass.evaluation());

  private static LoopAttention loops(Attention.Config sizes) {
    return new LoopAttention(sizes, 2, 5, 5, (b, t, s) -> s <= t && KEEP[b][s] == 1)
        .turning(POSITIONS, WIDE);
  }

  private static Attention.Config sizes(int keyValueHeads) {
    return Attention.Config.ofHeads(10, 6, 4).withKeyValueHeads(keyValueHeads).withoutOutputBias();
  }

  static Stream<ForwardPass> passes() {
    ForwardPass.Observer watcher =
        new ForwardPass.Observer() {
          @Override
          public boolean wantsAttention() {
            return true;
          }
        };
    return Stream.of(ForwardPass.evaluation(), ForwardPass.evaluation().observedBy(watcher));
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "6"})
  void attend_causalWithPadding_equalsLoops(int keyValueHeads) {
    try (Scope scope = Scope.open()) {
      Params params = NoisyWeights.params(scope, 5);
      Attention attention = Attention.of(sizes(keyValueHeads), params);
      Tensor x = NoisyWeights.tensor(new Random(3), 2, 5, 10);
      Mask mask = Mask.causal(5, 5).and(Mask.padding(KEEP));

      Tensor y =
          attention.project(
              attention.attend(x, RotaryPositions.of(POSITIONS, FREQUENCIES), null, mask, PLAIN),
              null);

      Objects.requireNonNull(params.all().get("key.weight"))
          .value()
          .shape()
          .require("test", "key", 4L * keyValueHeads, 10);
      double[] expected =
          loops(sizes(keyValueHeads)).forward(Loops.values(params), x.toDoubles(), x.toDoubles());
      assertCounted(expected, y);
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "6"})
  void attend_tokenByTokenFromCache_equalsLoops(int keyValueHeads) {
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      Params params = NoisyWeights.params(scope, 5);
      Attention attention = Attention.of(sizes(keyValueHeads), params);
      Tensor x = NoisyWeights.tensor(new Random(3), 2, 5, 10);
      KeyValueCache cache = new KeyValueCache(1, 5);
      float[] y = new float[2 * 5 * 10];

      for (int t = 0; t < 5; t++) {
        int[][] keep = new int[2][t + 1];
        long[][] position = new long[2][1];
        for (int b = 0; b < 2; b++) {
          System.arraycopy(KEEP[b], 0, keep[b], 0, t + 1);
          position[b][0] = POSITIONS[b][t];
        }
        Tensor mixed =
            attention.attend(
                x.narrow(1, t, 1),
                RotaryPositions.of(position, FREQUENCIES),
                cache.layer(0),
                Mask.padding(keep),
                PLAIN);
        float[] step = attention.project(mixed, null).toFloats();
        for (int b = 0; b < 2; b++) {
          System.arraycopy(step, b * 10, y, (b * 5 + t) * 10, 10);
        }
      }

      double[] expected =
          loops(sizes(keyValueHeads)).forward(Loops.values(params), x.toDoubles(), x.toDoubles());
      assertCounted(expected, Tensor.of(y, 2, 5, 10));
    }
  }

  /** What is added may have fewer axes than the scores. */
  @Test
  void attend_biasOfFewAxes_isThatOfAllAxes() {
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      Params params = NoisyWeights.params(scope, 5);
      Attention attention = Attention.of(sizes(2), params);
      Tensor x = NoisyWeights.tensor(new Random(3), 2, 1, 10);
      Tensor context = NoisyWeights.tensor(new Random(4), 2, 3, 10);
      Tensor bias = NoisyWeights.tensor(new Random(7), 1, 3);
      Tensor perHead = NoisyWeights.tensor(new Random(8), 6, 1, 3);

      float[] few = attend(attention, x, context, bias);
      float[] all = attend(attention, x, context, bias.reshape(1, 1, 1, 3));
      float[] heads = attend(attention, x, context, perHead);
      float[] wide = attend(attention, x, context, perHead.reshape(1, 6, 1, 3));

      assertArrayEquals(all, few, 1e-6f);
      assertArrayEquals(wide, heads, 1e-6f);
    }
  }

  private static float[] attend(Attention attention, Tensor x, Tensor context, Tensor bias) {
    return attention.attend(x, context, Mask.adding(bias), PLAIN).toFloats();
  }

  @ParameterizedTest
  @MethodSource("passes")
  void backward_groupedAndTurned_agreesWithFiniteDifferences(ForwardPass pass) {
    try (Scope scope = Scope.open()) {
      Attention.Config sizes = sizes(2);
      Params params = NoisyWeights.params(scope, 5);
      Attention attention = Attention.of(sizes, params);
      params.all().values().forEach(Parameter::train);
      Tensor[] gradient = new Tensor[1];
      Tensor x = NoisyWeights.tensor(new Random(3), 2, 5, 10);
      Tensor seed = NoisyWeights.tensor(new Random(4), 2, 5, 10);
      // Rows of padding attend to nothing, and no result depends on them.
      seed.select(0, 1).narrow(0, 0, 2).scaleInPlace(0);
      Mask mask = Mask.causal(5, 5).and(Mask.padding(KEEP));

      Tensor mixed =
          attention.attend(
              x.leaf(g -> gradient[0] = g),
              RotaryPositions.of(POSITIONS, FREQUENCIES),
              null,
              mask,
              AttentionOptions.of(pass));
      attention.project(mixed, null).mul(seed).sum().backward();

      Map<String, double[]> values = Loops.values(params);
      values.put("x", x.toDoubles());
      ToDoubleFunction<Map<String, double[]>> loss =
          at -> {
            double[] y = loops(sizes).forward(at, Loops.of(at, "x"), Loops.of(at, "x"));
            double sum = 0;
            double[] weights = seed.toDoubles();
            for (int i = 0; i < y.length; i++) {
              sum += weights[i] == 0 ? 0 : weights[i] * y[i]; // a row of padding is NaN
            }
            return sum;
          };
      assertGradient(loss, values, "x", gradient[0]);
      for (Parameter parameter : params.all().values()) {
        Tensor found = parameter.gradient();
        assertNotNull(found, parameter.name());
        assertGradient(loss, values, parameter.name(), found);
      }
      assertEquals(7, params.all().size());
    }
  }

  private static void assertGradient(
      ToDoubleFunction<Map<String, double[]>> loss,
      Map<String, double[]> values,
      String name,
      Tensor gradient) {
    double step = 1e-5;
    double[] value = Loops.of(values, name);
    double[] expected = new double[value.length];
    for (int i = 0; i < value.length; i++) {
      double middle = value[i];
      value[i] = middle + step;
      double above = loss.applyAsDouble(values);
      value[i] = middle - step;
      expected[i] = (above - loss.applyAsDouble(values)) / (2 * step);
      value[i] = middle;
    }
    Loops.assertClose(name, expected, gradient, FLOAT32);
  }

  @Test
  void keyValueHeads_thatDoNotDivideHeads_areRefused() {
    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> Attention.Config.ofHeads(10, 6, 4).withKeyValueHeads(4));

    assertEquals(
        "attention: keyValueHeads expected to divide heads, got keyValueHeads=4, heads=6",
        refused.getMessage());
  }

  @Test
  void turn_headsOfAnotherWidth_isRefused() {
    try (Scope scope = Scope.open()) {
      RotaryPositions rotary = RotaryPositions.of(POSITIONS, FREQUENCIES);
      Tensor x = NoisyWeights.tensor(new Random(3), 2, 5, 2, 6);

      assertThrows(ShapeMismatchException.class, () -> rotary.turn(x));
    }
  }

  @Test
  void slidingWindow_withPadding_countsTokens() {
    try (Scope scope = Scope.open()) {
      Tensor mask = Mask.slidingWindow(KEEP, 2, 2).tensor();

      assertNotNull(mask);
      float no = -1e9f;
      mask.shape().require("test", "mask", 2, 1, 2, 5);
      assertArrayEquals(
          new float[] {
            no, no, 0, 0, 0, no, no, no, 0, 0, // of the first row
            no, no, 0, 0, 0, no, no, no, 0, 0 // of the second, with padding at 0 and 1
          },
          mask.toFloats());
    }
  }

  private static void assertCounted(double[] expected, Tensor y) {
    float[] found = y.toFloats();
    for (int b = 0; b < 2; b++) {
      for (int t = 0; t < 5; t++) {
        for (int c = 0; c < 10 && KEEP[b][t] == 1; c++) {
          int i = (b * 5 + t) * 10 + c;
          assertEquals(expected[i], found[i], FLOAT32, b + ", " + t + ", " + c);
        }
      }
    }
  }
}
