package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What a cache of keys and values should hold, as lists; values are the keys' negatives. */
final class CacheModel {
  private static final int HEADS = 2;
  private static final int WIDTH = 4;

  private final Random random;
  private final List<List<List<Float>>> layers = new ArrayList<>(); // [layer][row][numbers]

  CacheModel(int layers, Random random) {
    this.random = random;
    for (int i = 0; i < layers; i++) {
      this.layers.add(new ArrayList<>());
    }
  }

  /** Appends random positions to every layer of the cache and to the lists. */
  void append(KeyValueCache cache, int rows, int positions) {
    for (int layer = 0; layer < layers.size(); layer++) {
      Tensor k = NoisyWeights.tensor(random, rows, positions, HEADS, WIDTH);
      cache.layer(layer).append(k, k.mul(-1));
      float[] numbers = k.toFloats();
      for (int i = 0; i < numbers.length; i++) {
        row(layer, i / (positions * HEADS * WIDTH)).add(numbers[i]);
      }
    }
  }

  void select(KeyValueCache cache, int... beamIndices) {
    cache.select(beamIndices);
    for (int layer = 0; layer < layers.size(); layer++) {
      List<List<Float>> rows = new ArrayList<>();
      for (int parent : beamIndices) {
        rows.add(new ArrayList<>(layers.get(layer).get(parent)));
      }
      layers.set(layer, rows);
    }
  }

  void assertHeldBy(KeyValueCache cache) {
    for (int layer = 0; layer < layers.size(); layer++) {
      List<Float> expected = layers.get(layer).stream().flatMap(List::stream).toList();
      assertEquals(expected, list(cache.layer(layer).keys(), 1), "keys of layer " + layer);
      assertEquals(expected, list(cache.layer(layer).values(), -1), "values of layer " + layer);
    }
  }

  private List<Float> row(int layer, int index) {
    List<List<Float>> rows = layers.get(layer);
    if (rows.size() == index) {
      rows.add(new ArrayList<>());
    }
    return rows.get(index);
  }

  private static List<Float> list(Tensor tensor, float sign) {
    List<Float> list = new ArrayList<>();
    for (float value : tensor.toFloats()) {
      list.add(sign * value);
    }
    return list;
  }
}
