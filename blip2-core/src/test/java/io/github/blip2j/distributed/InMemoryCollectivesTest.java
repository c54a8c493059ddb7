package io.github.blip2j.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
@ExtendWith(InScope.class)
final class InMemoryCollectivesTest {
  private static final Duration LONG = Duration.ofSeconds(50);
  private static final Duration SHORT = Duration.ofMillis(200);

  static Stream<Arguments> cases() {
    return Stream.of(1, 2, 3, 5)
        .flatMap(
            size ->
                CollectivesConformance.cases().keySet().stream()
                    .map(name -> Arguments.of(size, name)));
  }

  @ParameterizedTest(name = "{0} ranks: {1}")
  @MethodSource("cases")
  void conforms(int size, String name) {
    var one = CollectivesConformance.named(name);

    InMemoryCollectives.run(size, LONG, c -> CollectivesConformance.run(one, c));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("singleCases")
  void single_conforms(String name) {
    try (Collectives single = Collectives.single()) {
      CollectivesConformance.run(CollectivesConformance.named(name), single);

      assertEquals(0, single.rank());
      assertEquals(1, single.size());
    }
  }

  static Set<String> singleCases() {
    return CollectivesConformance.cases().keySet();
  }

  @Test
  void rankThatThrows_endsTheOthers() {
    Set<String> others = ConcurrentHashMap.newKeySet();

    var e =
        assertThrows(
            IllegalStateException.class,
            () ->
                InMemoryCollectives.run(
                    3,
                    LONG,
                    c -> {
                      if (c.rank() == 1) {
                        throw new IllegalStateException("no picture");
                      }
                      others.add(assertThrows(CollectivesException.class, c::barrier).getMessage());
                    }));

    assertEquals("no picture", e.getMessage());
    assertEquals(
        Set.of("barrier: collectives: rank 1 failed: java.lang.IllegalStateException: no picture"),
        others);
  }

  @Test
  void rankThatDoesNotCome_isNamedAfterTheLimit() {
    List<Collectives> ranks = InMemoryCollectives.group(3, SHORT);
    Pending started = ranks.get(2).startAllReduce(Tensor.of(new float[4], 4), Reduction.MAX);

    var late = assertThrows(CollectivesException.class, started::await);
    var next = assertThrows(CollectivesException.class, ranks.get(2)::barrier);

    assertEquals(
        "allReduce MAX of 4 FLOAT32: all of 3 ranks expected within PT0.2S, got none of [0, 1]",
        late.getMessage());
    assertEquals("barrier: ranks expected to be together, got a failure before", next.getMessage());
    assertEquals(late, next.getCause());
    ranks.get(2).close(); // waits for nobody
  }

  @Test
  void differentCalls_failOnAllRanks_andNameBoth() {
    Set<String> messages = ConcurrentHashMap.newKeySet();

    assertThrows(
        CollectivesException.class,
        () ->
            InMemoryCollectives.run(
                2,
                LONG,
                c -> {
                  try (Scope scope = Scope.open()) {
                    c.allReduce(Tensor.of(new float[3 + c.rank()], 3 + c.rank()), Reduction.SUM);
                  } catch (CollectivesException e) {
                    messages.add(e.getMessage());
                    throw e;
                  }
                }));

    String both =
        ": collectives: the same call expected on all ranks, got allReduce SUM of 3 FLOAT32 on"
            + " rank 0 and allReduce SUM of 4 FLOAT32 on rank 1";
    assertEquals(
        Set.of("allReduce SUM of 3 FLOAT32" + both, "allReduce SUM of 4 FLOAT32" + both), messages);
  }

  @Test
  void sumsOfAnotherPrecision_failOnAllRanks_andNameBoth() {
    List<Collectives> ranks = InMemoryCollectives.group(2, LONG);
    Pending narrow = ranks.get(0).startSum(Tensor.of(new float[2], 2), Precision.BFLOAT16);
    Pending wide = ranks.get(1).startSum(Tensor.of(new float[2], 2), Precision.FLOAT32);

    var first = assertThrows(CollectivesException.class, narrow::await);
    var second = assertThrows(CollectivesException.class, wide::await);

    String both =
        ": collectives: the same call expected on all ranks, got sum in bfloat16 of 2 FLOAT32 on"
            + " rank 0 and allReduce SUM of 2 FLOAT32 on rank 1";
    assertEquals("sum in bfloat16 of 2 FLOAT32" + both, first.getMessage());
    assertEquals("allReduce SUM of 2 FLOAT32" + both, second.getMessage());
  }

  @Test
  void rankThatClosesEarly_failsItselfAndTheOthers() {
    List<Collectives> ranks = InMemoryCollectives.group(2, LONG);
    Pending waiting = ranks.get(0).startAllReduce(Tensor.of(new float[2], 2), Reduction.SUM);

    var closing = assertThrows(CollectivesException.class, ranks.get(1)::close);
    var other = assertThrows(CollectivesException.class, waiting::await);

    String both =
        "collectives: the same call expected on all ranks, got allReduce SUM of 2 FLOAT32 on rank"
            + " 0 and close on rank 1";
    assertEquals("close: " + both, closing.getMessage());
    assertEquals("allReduce SUM of 2 FLOAT32: " + both, other.getMessage());
  }

  @Test
  void abort_endsTheOthers() {
    List<Collectives> ranks = InMemoryCollectives.group(2, LONG);
    ranks.get(1).abort(3);

    var e = assertThrows(CollectivesException.class, ranks.get(0)::barrier);

    assertEquals("barrier: collectives: rank 1 aborted with code 3", e.getMessage());
  }

  @Test
  void closed_takesNoMoreCalls() {
    Collectives single = Collectives.single();
    single.close();
    single.close();

    var e = assertThrows(IllegalStateException.class, single::barrier);

    assertEquals("barrier: collectives expected open, got closed ones", e.getMessage());
  }

  /** The result of an operation is what a backward pass sees as a change. */
  @Test
  void allReduce_ofAValueThatABackwardPassNeeds_isDetected() {
    try (Collectives single = Collectives.single()) {
      Tensor x = Tensor.of(new float[] {1, 2}, 2).leaf(g -> {});
      Tensor y = x.mul(x);
      single.allReduce(x, Reduction.SUM);

      var e = assertThrows(IllegalStateException.class, () -> y.sum().backward());

      assertTrue(String.valueOf(e.getMessage()).contains("changed"), e::getMessage);
    }
  }

  @Test
  void sums_areMadeInTheOrderOfTheRanks() {
    float[] parts = {1e8f, 1, -1e8f, 3};
    Set<Float> sums = ConcurrentHashMap.newKeySet();

    InMemoryCollectives.run(
        4,
        LONG,
        c -> {
          try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(new float[] {parts[c.rank()]}, 1);
            c.allReduce(x, Reduction.SUM);
            sums.add(x.toFloats()[0]);
          }
        });

    assertEquals(Set.of(((1e8f + 1) - 1e8f) + 3), sums);
    assertFalse(sums.contains((float) Arrays.stream(new double[] {1e8, 1, -1e8, 3}).sum()));
  }
}
