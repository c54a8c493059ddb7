package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.tensor.GradCheck;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A cache while gradients are recorded. The differences that gradients are compared with are
 * computed without recording, so that both ways to hold positions must give the same values.
 */
@ExtendWith(InScope.class)
final class RecordedCacheTest {
  private final Random random = new Random(4);

  @Test
  void append_recorded_sendsGradientsToEveryPosition() {
    GradCheck.check(
        in -> {
          var cache = new KeyValueCache(1, 2);
          cache.layer(0).append(in.get(0), in.get(1));
          cache.layer(0).append(in.get(2), in.get(3));
          return held(cache);
        },
        doubles(2, 3, 2, 4),
        doubles(2, 3, 2, 4),
        doubles(2, 1, 2, 4),
        doubles(2, 1, 2, 4));
  }

  @Test
  void select_recorded_addsGradientsOfRepeatedRows() {
    GradCheck.check(
        in -> {
          var cache = new KeyValueCache(1, 2);
          cache.layer(0).append(in.get(0), in.get(1));
          cache.select(2, 0, 2, 2);
          cache.layer(0).append(in.get(2), in.get(3));
          return held(cache);
        },
        doubles(3, 2, 2, 4),
        doubles(3, 2, 2, 4),
        doubles(4, 1, 2, 4),
        doubles(4, 1, 2, 4));
  }

  @Test
  void append_recordedAfterPlain_keepsBoth() {
    var cache = new KeyValueCache(1, 8);
    Tensor plain = NoisyWeights.tensor(random, 2, 3, 2, 4);
    Tensor leaf = NoisyWeights.tensor(random, 2, 1, 2, 4).leaf(g -> {});

    cache.layer(0).append(plain, plain);
    cache.layer(0).append(leaf, leaf);

    assertArrayEquals(
        Tensor.concat(1, List.of(plain, leaf)).toFloats(), cache.layer(0).keys().toFloats());
    assertTrue(cache.layer(0).keys().requiresGrad());
  }

  @Test
  void noGradAfterRecorded_copiesIntoTheCachesOwnMemory() {
    var cache = new KeyValueCache(1, 8);
    Tensor k = NoisyWeights.tensor(random, 3, 2, 2, 4);
    Tensor recorded = k.leaf(g -> {}).mul(1);
    cache.layer(0).append(recorded, recorded);

    try (var off = GradMode.noGrad()) {
      try (var step = Scope.open()) {
        cache.select(2, 1);
      }
      try (var step = Scope.open()) {
        Tensor more = NoisyWeights.tensor(random, 2, 1, 2, 4);
        cache.layer(0).append(more, more);
        cache.select(1, 0, 1);
      }
    }

    Tensor keys = cache.layer(0).keys(); // outlives the steps, without history
    keys.shape().require("test", "keys", 3, 3, 2, 4);
    assertFalse(keys.requiresGrad());
    assertArrayEquals(
        k.select(0, 1).toFloats(), keys.select(0, 0).narrow(0, 0, 2).copy().toFloats());
    assertArrayEquals(k.toFloats(), recorded.toFloats(), "what the tape holds is untouched");
  }

  private static Tensor held(KeyValueCache cache) {
    return Tensor.concat(0, List.of(cache.layer(0).keys(), cache.layer(0).values()));
  }

  private Tensor doubles(long... shape) {
    int size = 1;
    for (long dim : shape) {
      size *= (int) dim;
    }
    return Tensor.of(random.doubles(size, -1, 1).toArray(), shape);
  }
}
