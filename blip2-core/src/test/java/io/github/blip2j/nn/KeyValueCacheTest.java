package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(InScope.class)
final class KeyValueCacheTest {
  private final Random random = new Random(4);

  @Test
  void append_positions_followEachOther() {
    var cache = new KeyValueCache(2, 5);
    var model = new CacheModel(2, random);

    model.append(cache, 3, 2);
    model.append(cache, 3, 1);

    assertEquals(3, cache.length());
    assertEquals(3, cache.layer(1).length());
    cache.layer(0).keys().shape().require("test", "keys", 3, 3, 2, 4);
    model.assertHeldBy(cache);
  }

  @Test
  void append_withinExpectedPositions_movesNothing() {
    var cache = new KeyValueCache(1, 5);
    var model = new CacheModel(1, random);
    model.append(cache, 3, 2);
    long address = cache.layer(0).keys().address();

    model.append(cache, 3, 3);

    assertEquals(address, cache.layer(0).keys().address());
    assertEquals(5 * 2 * 4, cache.layer(0).keys().strides()[0]);
  }

  @Test
  void append_beyondExpectedPositions_growsByDoubling() {
    var cache = new KeyValueCache(1, 2);
    var model = new CacheModel(1, random);
    model.append(cache, 3, 2);

    model.append(cache, 3, 3);

    assertEquals(10 * 2 * 4, cache.layer(0).keys().strides()[0]);
    model.assertHeldBy(cache);
  }

  @ParameterizedTest
  @CsvSource({
    "'0,1,2,3'", // nothing changes
    "'3,2,1,0'",
    "'1,2,3,0'", // a cycle
    "'1,0,0,2'", // a chain: row 3 continues what row 2 was, which continues row 0
    "'0,0,0,0'",
    "'3,3,1,1'",
    "'2,0'", // fewer rows
    "'3'",
    "'2,1,0,3,3,0'" // more rows
  })
  void select_beamIndices_rowsContinueThem(String beamIndices) {
    var cache = new KeyValueCache(2, 6);
    var model = new CacheModel(2, random);
    model.append(cache, 4, 3);

    model.select(cache, ints(beamIndices));

    model.assertHeldBy(cache);
    model.append(cache, ints(beamIndices).length, 2);
    model.assertHeldBy(cache);
  }

  @Test
  void select_fewerRowsThenMore_keepsContinuing() {
    var cache = new KeyValueCache(1, 4);
    var model = new CacheModel(1, random);
    model.append(cache, 4, 2);

    model.select(cache, 3, 1);
    model.select(cache, 1, 0, 1);
    model.select(cache, 2, 2, 0, 1, 0);

    model.assertHeldBy(cache);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void randomOperations_agreeWithLists(long seed) {
    var operations = new Random(seed);
    var cache = new KeyValueCache(2, 1 + operations.nextInt(6));
    var model = new CacheModel(2, operations);
    int rows = 1 + operations.nextInt(4);
    model.append(cache, rows, 1 + operations.nextInt(3));

    for (int i = 0; i < 30; i++) {
      if (operations.nextBoolean()) {
        model.append(cache, rows, 1 + operations.nextInt(2));
      } else {
        int before = rows;
        rows = 1 + operations.nextInt(6);
        model.select(cache, operations.ints(rows, 0, before).toArray());
      }
      model.assertHeldBy(cache);
    }
  }

  @Test
  void append_inAnInnerScope_outlivesIt() {
    var cache = new KeyValueCache(1, 1);
    var model = new CacheModel(1, random);

    for (int i = 0; i < 3; i++) {
      try (var step = Scope.open()) {
        model.append(cache, 2, 1);
        model.select(cache, 1, 0, 1);
        model.select(cache, 2, 0);
      }
    }

    model.assertHeldBy(cache);
  }

  @Test
  void memory_returnsWithTheScopeOfTheCache() {
    Tensor keys;
    try (var inner = Scope.open()) {
      var cache = new KeyValueCache(1, 2);
      new CacheModel(1, random).append(cache, 2, 1);
      keys = cache.layer(0).keys();
    }

    assertThrows(IllegalStateException.class, keys::toFloats);
  }

  @Test
  void select_moreRows_givesTheOldMemoryBack() {
    var cache = new KeyValueCache(1, 2);
    new CacheModel(1, random).append(cache, 2, 1);
    Tensor before = cache.layer(0).keys();

    cache.select(0, 1, 1);

    assertThrows(IllegalStateException.class, before::toFloats);
  }

  @Test
  void select_parentOutside_isRefusedAndChangesNothing() {
    var cache = new KeyValueCache(1, 2);
    var model = new CacheModel(1, random);
    model.append(cache, 3, 1);

    var above = assertThrows(IllegalArgumentException.class, () -> cache.select(1, 3));
    var below = assertThrows(IllegalArgumentException.class, () -> cache.select(-1));
    var none = assertThrows(IllegalArgumentException.class, cache::select);

    assertEquals("cache: beamIndices expected below 3 rows, got [1, 3]", above.getMessage());
    assertEquals("cache: beamIndices expected below 3 rows, got [-1]", below.getMessage());
    assertEquals("cache: beamIndices expected one or more, got none", none.getMessage());
    model.assertHeldBy(cache);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 8}) // with and without room for the new positions
  void append_otherRows_isRefused(int expected) {
    var cache = new KeyValueCache(1, expected);
    new CacheModel(1, random).append(cache, 3, 2);
    Tensor k = NoisyWeights.tensor(random, 2, 1, 2, 4);

    var e = assertThrows(ShapeMismatchException.class, () -> cache.layer(0).append(k, k));

    assertEquals("cache: keys expected [3, ?, 2, 4], got [2, 1, 2, 4]", e.getMessage());
  }

  @Test
  void append_valuesUnlikeKeys_areRefused() {
    var cache = new KeyValueCache(1, 2);
    Tensor k = NoisyWeights.tensor(random, 2, 1, 2, 4);
    Tensor v = NoisyWeights.tensor(random, 2, 2, 2, 4);

    var e = assertThrows(ShapeMismatchException.class, () -> cache.layer(0).append(k, v));

    assertEquals("cache: values expected [2, 1, 2, 4], got [2, 2, 2, 4]", e.getMessage());
  }

  @Test
  void keys_ofAnEmptyLayer_areRefused() {
    var cache = new KeyValueCache(1, 2);

    var e = assertThrows(IllegalStateException.class, () -> cache.layer(0).keys());

    assertEquals("cache: expected keys and values, got an empty layer", e.getMessage());
    assertEquals(0, cache.length());
  }

  @Test
  void cache_withoutLayers_isEmpty() {
    assertEquals(0, new KeyValueCache(0, 2).length());
  }

  @Test
  void keys_areCopies_laterChangesOfTheSourceDoNotReachThem() {
    var cache = new KeyValueCache(1, 2);
    Tensor k = NoisyWeights.tensor(random, 1, 1, 1, 2);
    float[] before = k.toFloats();
    cache.layer(0).append(k, k);

    k.scaleInPlace(3);

    assertArrayEquals(before, cache.layer(0).keys().toFloats());
  }

  private static int[] ints(String list) {
    return list.chars().filter(Character::isDigit).map(c -> c - '0').toArray();
  }
}
