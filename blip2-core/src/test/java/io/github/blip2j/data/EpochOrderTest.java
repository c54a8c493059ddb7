package io.github.blip2j.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class EpochOrderTest {
  @Test
  void of_anySize_holdsEveryPlaceOnce() {
    for (int size : new int[] {0, 1, 2, 1000}) {
      int[] sorted = EpochOrder.of(size, 42, 3);
      Arrays.sort(sorted);

      assertArrayEquals(IntStream.range(0, size).toArray(), sorted);
    }
  }

  @Test
  void of_sameSeedAndEpoch_isTheSame() {
    assertArrayEquals(EpochOrder.of(100, 42, 3), EpochOrder.of(100, 42, 3));
  }

  @Test
  void of_otherSeedOrEpoch_isAnother() {
    int[] order = EpochOrder.of(100, 42, 3);

    assertFalse(Arrays.equals(order, EpochOrder.of(100, 42, 4)));
    assertFalse(Arrays.equals(order, EpochOrder.of(100, 43, 3)));
    assertFalse(Arrays.equals(order, EpochOrder.of(100, 43, 2)));
  }

  @Test
  void of_threePlaces_drawsAllSixOrdersAlike() {
    int[] counts = new int[6];
    for (int epoch = 0; epoch < 6000; epoch++) {
      int[] order = EpochOrder.of(3, 1, epoch);
      counts[order[0] * 2 + (order[1] > order[2] ? 1 : 0)]++;
    }

    assertEquals(6000, Arrays.stream(counts).sum());
    assertTrue(Arrays.stream(counts).allMatch(count -> count > 850 && count < 1150));
  }
}
