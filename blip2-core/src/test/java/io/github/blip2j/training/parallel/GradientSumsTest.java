package io.github.blip2j.training.parallel;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.distributed.InMemoryCollectives;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.GradientCheckpoint;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class GradientSumsTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final GradientExchange AT_THE_END =
      GradientExchange.DEFAULT.withOverlapping(false);
  private static final int LARGE = 3 << 20; // has a bucket of its own

  /** Three parameters of one rank and the sums of their gradients. */
  private static final class Rank implements AutoCloseable {
    final Ranks ranks;
    final Scope home = Scope.detached();
    final List<Parameter> parameters = new ArrayList<>();
    final GradientSums sums;

    Rank(Ranks ranks, GradientExchange exchange, int... sizes) {
      this.ranks = ranks;
      Params params = Params.root(Weights.random(new SplittableRandom(1)), home);
      for (int i = 0; i < sizes.length; i++) {
        Parameter parameter = params.get("p" + i, Shape.of(sizes[i]), Init.normal(0.02));
        parameter.train();
        parameters.add(parameter);
      }
      this.sums = new GradientSums(parameters, ranks, exchange);
    }

    Parameter get(int number) {
      return parameters.get(number);
    }

    /** Gives a parameter a gradient of one value everywhere. */
    void give(int number, double gradient) {
      try (Scope scope = Scope.open()) {
        Tensor value = get(number).value();
        value.backward(Tensor.full(DType.FLOAT32, gradient, value.shape().toArray()));
      }
    }

    void assertGradient(int number, double expected) {
      Tensor gradient = requireNonNull(get(number).gradient());
      float[] values = gradient.toFloats();
      assertEquals(expected, values[0]);
      assertEquals(expected, values[values.length - 1]);
    }

    @Override
    public void close() {
      home.close();
    }
  }

  @FunctionalInterface
  private interface Work {
    void run(Rank rank);
  }

  private static void on(int ranks, GradientExchange exchange, Work work) {
    InMemoryCollectives.run(
        ranks,
        LIMIT,
        each -> {
          try (Rank rank = new Rank(Ranks.of(each), exchange, 3, LARGE, 5)) {
            work.run(rank);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void finish_sumsWhatRanksHave(boolean overlapping) {
    on(
        3,
        GradientExchange.DEFAULT.withOverlapping(overlapping),
        rank -> {
          for (int update = 0; update < 3; update++) {
            try (var sums = rank.sums.start()) {
              for (int i = 2; i >= 0; i--) {
                rank.give(i, 10 * i + rank.ranks.rank());
              }
              sums.finish();
              for (int i = 0; i < 3; i++) {
                rank.assertGradient(i, 30 * i + 3);
              }
            }
          }
        });
  }

  @Test
  void finish_gradientsOfEarlierBatches_areCountedOnce() {
    on(
        2,
        GradientExchange.DEFAULT,
        rank -> {
          for (int update = 0; update < 3; update++) {
            rank.give(0, 100);
            rank.give(1, 1000);
            try (var sums = rank.sums.start()) {
              rank.give(1, 2);
              rank.give(0, 1);
              sums.finish();
              rank.assertGradient(0, 202);
              rank.assertGradient(1, 2004);
              assertNull(rank.get(2).gradient());
            }
          }
        });
  }

  @Test
  void overlapping_sumsBeginInTheBackwardPass() {
    on(
        2,
        GradientExchange.DEFAULT,
        rank -> {
          update(rank);
          try (var sums = rank.sums.start()) {
            rank.give(2, 1);
            assertNotNull(rank.get(2).gradient(), "waits for the rest of its bucket");
            rank.give(1, 1);
            rank.give(0, 1);
            assertNull(rank.get(0).gradient(), "is on its way");
            assertNull(rank.get(1).gradient(), "is on its way");
            sums.finish();
          }
        });
  }

  @Test
  void notOverlapping_sumsBeginAtTheEnd() {
    on(
        2,
        AT_THE_END,
        rank -> {
          update(rank);
          try (var sums = rank.sums.start()) {
            rank.give(1, 1);
            assertNotNull(rank.get(1).gradient());
            sums.finish();
          }
        });
  }

  private static void update(Rank rank) {
    try (var sums = rank.sums.start()) {
      for (int i = 2; i >= 0; i--) {
        rank.give(i, 1);
      }
      sums.finish();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void parameter_withoutAGradientOnARank_countsAsZerosThere(boolean overlapping) {
    on(
        2,
        GradientExchange.DEFAULT.withOverlapping(overlapping),
        rank -> {
          for (int update = 0; update < 3; update++) {
            try (var sums = rank.sums.start()) {
              rank.give(rank.ranks.rank(), 7); // the first, and the large one
              sums.finish();
              rank.assertGradient(0, 7);
              rank.assertGradient(1, 7);
              assertNull(rank.get(2).gradient());
            }
          }
        });
  }

  @Test
  void gradients_thatComeLaterThanExpected_areAdded() {
    on(
        2,
        GradientExchange.DEFAULT,
        rank -> {
          update(rank); // one each
          for (int update = 0; update < 2; update++) { // the first time two are not expected
            try (var sums = rank.sums.start()) {
              rank.give(2, 1);
              rank.give(1, 2);
              rank.give(0, 3);
              rank.give(0, 40);
              if (rank.ranks.isFirst()) {
                rank.give(1, 500);
              }
              sums.finish();
              rank.assertGradient(0, 86);
              rank.assertGradient(1, 504);
              rank.assertGradient(2, 2);
            }
          }
        });
  }

  @Test
  void gradients_inAnotherOrderOnEachRank_areAdded() {
    on(
        3,
        GradientExchange.DEFAULT,
        rank -> {
          for (int update = 0; update < 4; update++) {
            List<Integer> order = new ArrayList<>(List.of(0, 1, 2));
            Collections.rotate(order, rank.ranks.rank() + update);
            try (var sums = rank.sums.start()) {
              order.forEach(each -> rank.give(each, each + 1));
              sums.finish();
              for (int i = 0; i < 3; i++) {
                rank.assertGradient(i, 3 * (i + 1));
              }
            }
          }
        });
  }

  /** A part that is computed again gives its parameter a gradient for each of its uses. */
  @Test
  void recomputedPart_thatIsUsedTwice_sumsAllOfItsGradients() {
    on(
        2,
        GradientExchange.DEFAULT,
        rank -> {
          GradientCheckpoint.Part part = in -> in.get(0).mul(rank.get(0).value());
          for (int update = 0; update < 3; update++) {
            try (var sums = rank.sums.start();
                Scope scope = Scope.open()) {
              Tensor x = Tensor.full(DType.FLOAT32, rank.ranks.rank() + 1, 3);
              Tensor once = GradientCheckpoint.of(List.of(x), part, part);
              Tensor twice = GradientCheckpoint.of(List.of(once), part, part);
              twice.sum().backward();
              float[] weight = rank.get(0).value().toFloats();
              sums.finish();
              float[] expected = new float[3];
              for (int i = 0; i < 3; i++) {
                expected[i] = 2 * weight[i] * (1 + 2);
              }
              assertArrayEquals(expected, requireNonNull(rank.get(0).gradient()).toFloats(), 1e-5f);
            }
          }
        });
  }

  @Test
  void close_withoutFinish_releasesEverything() {
    on(
        2,
        GradientExchange.DEFAULT,
        rank -> {
          update(rank);
          rank.ranks.collectives().barrier();
          long before = TensorMemory.usedBytes();
          rank.ranks.collectives().barrier();
          try (var sums = rank.sums.start()) {
            for (int i = 2; i >= 0; i--) {
              rank.give(i, 1);
            }
          }
          rank.ranks.collectives().barrier();
          rank.parameters.forEach(each -> assertNull(each.gradient()));
          assertEquals(before, TensorMemory.usedBytes());
          rank.ranks.collectives().barrier();
          update(rank); // and goes on
        });
  }

  @Test
  void rankThatFails_inTheMiddle_endsTheOthers() {
    var e =
        assertThrows(
            IllegalStateException.class,
            () ->
                on(
                    2,
                    GradientExchange.DEFAULT,
                    rank -> {
                      update(rank);
                      try (var sums = rank.sums.start()) {
                        rank.give(2, 1);
                        rank.give(1, 1);
                        if (rank.ranks.rank() == 1) {
                          throw new IllegalStateException("no picture");
                        }
                        rank.give(0, 1);
                        sums.finish();
                      }
                    }));

    assertEquals("no picture", e.getMessage());
  }

  /** 1 and 1/1024 are bfloat16, and 1 + 1/1024 is not: it is added in float32 and then rounded. */
  @ParameterizedTest
  @CsvSource({"BFLOAT16, 1", "FLOAT32, 1.0009765625"})
  void precision_isThatOfWhatIsSent(Precision precision, double expected) {
    on(
        2,
        GradientExchange.DEFAULT.withPrecision(precision),
        rank -> {
          for (int update = 0; update < 2; update++) {
            try (var sums = rank.sums.start()) {
              for (int i = 2; i >= 0; i--) {
                rank.give(i, rank.ranks.isFirst() ? 1 : 1.0 / 1024);
              }
              sums.finish();
              for (int i = 0; i < 3; i++) {
                rank.assertGradient(i, expected);
              }
            }
          }
        });
  }

  @Test
  void oneProcess_keepsItsGradients() {
    try (Rank rank = new Rank(Ranks.ALONE, GradientExchange.DEFAULT, 2);
        var sums = rank.sums.start()) {
      rank.give(0, 3);
      Tensor own = rank.get(0).gradient();
      sums.finish();
      assertEquals(own, rank.get(0).gradient());
    }
  }

  @Test
  void exchange_inInt8_isRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> GradientExchange.DEFAULT.withPrecision(Precision.INT8));

    assertEquals("gradient sums: precision expected float32 or bfloat16, got int8", e.getMessage());
  }
}
