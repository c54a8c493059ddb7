package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dropout: the share that is dropped, what remains, and that a seed says which. */
interface DropoutConformance {
  Kernels kernels();

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 2049, (1 << 19) + 5})
  default void dropout_anySize_zeroesOrScales(int size) {
    float[] x = new float[size];
    for (int i = 0; i < size; i++) {
      x[i] = i + 1;
    }

    float[] y = thinned(x, 0.25, 9);

    int dropped = 0;
    for (int i = 0; i < size; i++) {
      dropped += y[i] == 0 ? 1 : 0;
      if (y[i] != 0) {
        assertEquals(x[i] / 0.75, y[i], 1e-6 * y[i]);
      }
    }
    assertEquals(0.25 * size, dropped, 5 * Math.sqrt(0.25 * 0.75 * size));
  }

  @Test
  default void dropout_sameSeed_dropsTheSamePlacesInBothTypes() {
    float[] x = new float[5000];
    Arrays.fill(x, 1);
    Tensor wide = Tensor.zeros(DType.FLOAT64, x.length);
    kernels().dropout(Tensor.full(DType.FLOAT64, 1, x.length), new DropoutSpec(0.1, 3), wide);

    assertArrayEquals(thinned(x, 0.1, 3), wide.toFloats());
  }

  @Test
  default void dropout_otherSeed_dropsOtherPlaces() {
    float[] x = new float[1000];
    Arrays.fill(x, 1);
    float[] one = thinned(x, 0.5, 1);

    for (long seed : new long[] {2, 1L << 32, -1}) {
      float[] other = thinned(x, 0.5, seed);
      int same = 0;
      for (int i = 0; i < x.length; i++) {
        same += one[i] == other[i] ? 1 : 0;
      }
      assertEquals(500, same, 80, "seed " + seed); // five deviations
    }
  }

  @Test
  default void dropout_neighbours_areIndependent() {
    float[] x = new float[40_000];
    Arrays.fill(x, 1);
    float[] y = thinned(x, 0.5, 11);

    for (int distance : new int[] {1, 2, 64, 768, 2048}) {
      int same = 0;
      int pairs = x.length - distance;
      for (int i = 0; i < pairs; i++) {
        same += y[i] == y[i + distance] ? 1 : 0;
      }
      assertEquals(0.5 * pairs, same, 2.5 * Math.sqrt(pairs), "distance " + distance);
    }
  }

  @Test
  default void dropout_probabilityZero_keepsAll() {
    float[] x = {1, -2, 3};

    assertArrayEquals(x, thinned(x, 0, 5));
  }

  private float[] thinned(float[] x, double probability, long seed) {
    Tensor out = Tensor.zeros(DType.FLOAT32, x.length);
    kernels().dropout(Tensor.of(x, x.length), new DropoutSpec(probability, seed), out);
    return out.toFloats();
  }
}
