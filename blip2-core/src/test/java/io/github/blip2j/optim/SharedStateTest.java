package io.github.blip2j.optim;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.distributed.InMemoryCollectives;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** AdamW whose state is shared makes the updates of AdamW. */
@Timeout(60)
final class SharedStateTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final int LARGE = 3 << 20;
  private static final int[] SIZES = {3, LARGE, 5, 1000, 7, 2000};

  /** Six parameters, one of them large, in two groups, and their optimizer. */
  private static final class Learner implements AutoCloseable {
    final Scope home = Scope.detached();
    final List<Parameter> parameters = new ArrayList<>();
    final AdamW optimizer;

    Learner() {
      Params params = Params.root(Weights.random(new SplittableRandom(1)), home);
      for (int i = 0; i < SIZES.length; i++) {
        Parameter parameter = params.get("p" + i, Shape.of(SIZES[i]), Init.normal(0.02));
        parameter.train();
        parameters.add(parameter);
      }
      var groups =
          List.of(
              new ParameterGroup(parameters.subList(0, 2), 1, 0.05),
              new ParameterGroup(parameters.subList(2, SIZES.length), 0.5, 0));
      this.optimizer = new AdamW(groups, AdamWRule.DEFAULT);
    }

    /** Steps with made gradients; the fourth parameter has one in every second step only. */
    void step(int first, int end) {
      for (int step = first; step < end; step++) {
        optimizer.clearGradients();
        try (Scope scope = Scope.open()) {
          for (int i = 0; i < SIZES.length; i++) {
            if (i != 3 || step % 2 == 0) {
              Tensor value = parameters.get(i).value();
              value.backward(
                  value.detach().mul(step - 1.5).add(Tensor.full(DType.FLOAT32, 0.1 * i, 1)));
            }
          }
        }
        optimizer.step(0.01, 0.9);
      }
    }

    Map<String, float[]> weights() {
      Map<String, float[]> all = new TreeMap<>();
      parameters.forEach(each -> all.put(each.name(), each.value().toFloats()));
      return all;
    }

    Map<String, double[]> state() {
      Map<String, double[]> all = new TreeMap<>();
      optimizer.state().forEach((name, tensor) -> all.put(name, tensor.toDoubles()));
      return all;
    }

    @Override
    public void close() {
      optimizer.close();
      home.close();
    }
  }

  @FunctionalInterface
  private interface Work {
    void run(Learner process, Ranks ranks) throws IOException;
  }

  private static void on(int size, Work work) {
    InMemoryCollectives.run(
        size,
        LIMIT,
        each -> {
          try (Learner process = new Learner();
              Scope scope = Scope.open()) {
            Ranks ranks = Ranks.of(each);
            process.optimizer.shareState(ranks);
            work.run(process, ranks);
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static <T> void assertSame(Map<String, T> expected, Map<String, T> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (name, values) -> {
          if (values instanceof float[] floats) {
            assertArrayEquals(floats, (float[]) actual.get(name), name);
          } else {
            assertArrayEquals((double[]) values, (double[]) actual.get(name), name);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 9})
  void step_shared_isThatOfOneProcessToTheBit(int size) {
    try (Learner one = new Learner();
        Scope scope = Scope.open()) {
      one.step(0, 5);

      on(
          size,
          (process, ranks) -> {
            process.step(0, 5);
            assertSame(one.weights(), process.weights());
            try (var whole = process.optimizer.gatherState()) {
              if (ranks.isFirst()) {
                assertSame(one.state(), process.state());
              }
            }
          });
    }
  }

  @Test
  void shareState_memoryOfTheStateFallsWithTheRanks() {
    long whole = stateBytes(new Learner());

    on(
        3,
        (process, ranks) -> {
          ranks.collectives().barrier();
          if (ranks.isFirst()) { // memory is counted for all ranks together
            long all = TensorMemory.usedBytes();
            long weights = 3 * weightBytes();
            assertTrue(all >= weights + whole, () -> all + " of " + weights + " and " + whole);
            assertTrue(all < weights + whole + (1 << 16), () -> all + " and " + whole);
          }
          ranks.collectives().barrier();
          process.step(0, 2);
          process.optimizer.clearGradients();
          ranks.collectives().barrier();
          long before = TensorMemory.usedBytes();
          ranks.collectives().barrier();
          process.optimizer.gatherState().close();
          ranks.collectives().barrier();
          assertEquals(before, TensorMemory.usedBytes(), "released after it was gathered");
          ranks.collectives().barrier();
        });
  }

  private static long weightBytes() {
    long sum = 0;
    for (int size : SIZES) {
      sum += (long) size * Float.BYTES;
    }
    return sum;
  }

  private static long stateBytes(Learner process) {
    try (process;
        Scope scope = Scope.open()) {
      return process.optimizer.state().values().stream()
          .filter(each -> each.dtype() == DType.FLOAT32)
          .mapToLong(each -> each.size() * Float.BYTES)
          .sum();
    }
  }

  @Test
  void state_thatIsNotGathered_isRefused() {
    on(
        2,
        (process, ranks) -> {
          assertTrue(process.optimizer.sharesState());
          var e = assertThrows(IllegalStateException.class, process.optimizer::state);
          assertEquals(
              "adamW: whole state expected, got that of rank "
                  + ranks.rank()
                  + " of 2; call gatherState first, and ask rank 0",
              e.getMessage());
          try (var whole = process.optimizer.gatherState()) {
            if (!ranks.isFirst()) {
              assertThrows(IllegalStateException.class, process.optimizer::state);
            }
          }
          assertThrows(IllegalStateException.class, process.optimizer::state);
        });
  }

  @Test
  void stateSpecs_areThoseOfTheWholeState() {
    try (Learner one = new Learner();
        Scope scope = Scope.open()) {
      List<String> expected =
          one.optimizer.state().entrySet().stream()
              .map(e -> new TensorSpec(e.getKey(), e.getValue().dtype(), e.getValue().shape()))
              .map(TensorSpec::toString)
              .collect(Collectors.toList());

      on(
          2,
          (process, ranks) ->
              assertEquals(
                  expected,
                  process.optimizer.stateSpecs().stream().map(TensorSpec::toString).toList()));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void restore_onAnotherNumberOfRanks_goesOnToTheBit(int size) {
    var saved = new AtomicReference<Map<String, Tensor>>();
    var weights = new AtomicReference<Map<String, float[]>>();
    try (Learner one = new Learner();
        Scope scope = Scope.open();
        Scope kept = Scope.detached()) {
      one.step(0, 6);
      on(
          2,
          (process, ranks) -> {
            process.step(0, 3);
            try (var whole = process.optimizer.gatherState()) {
              if (ranks.isFirst()) {
                Map<String, Tensor> copies = new TreeMap<>();
                process
                    .optimizer
                    .state()
                    .forEach((name, tensor) -> copies.put(name, kept.adopt(tensor.copy())));
                saved.set(copies);
                weights.set(process.weights());
              }
            }
          });

      on(
          size,
          (process, ranks) -> {
            process.parameters.forEach(
                each -> {
                  float[] values = requireNonNull(requireNonNull(weights.get()).get(each.name()));
                  each.value().detach().copyInPlace(Tensor.of(values, values.length));
                });
            process.optimizer.restore(
                (name, dtype, shape) -> requireNonNull(requireNonNull(saved.get()).get(name)));
            process.step(3, 6);
            assertSame(one.weights(), process.weights());
            assertEquals(size > 1, process.optimizer.sharesState());
          });
    }
  }

  @Test
  void optimizer_thatCannotShare_saysSo() {
    Optimizer own = new Descent();

    var e = assertThrows(UnsupportedOperationException.class, () -> own.shareState(Ranks.ALONE));

    assertFalse(own.sharesState());
    own.gatherState().close(); // nothing to gather
    assertEquals(
        "descent: state expected on each rank, as it can't be shared; leave out shareState",
        e.getMessage());
  }

  /** An optimizer with no more than it must have. */
  private static final class Descent implements Optimizer {
    @Override
    public String name() {
      return "descent";
    }

    @Override
    public List<Parameter> parameters() {
      return List.of();
    }

    @Override
    public void step(double lr, double gradientScale) {}

    @Override
    public Map<String, Tensor> state() {
      return Map.of();
    }

    @Override
    public void restore(StateSource source) {}

    @Override
    public void close() {}
  }
}
