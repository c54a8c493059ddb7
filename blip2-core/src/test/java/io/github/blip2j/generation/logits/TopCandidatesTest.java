package io.github.blip2j.generation.logits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TopCandidatesTest {

  @Test
  void sort_manyTies_equalsStableSorting() {
    var random = new Random(7);
    for (int round = 0; round < 300; round++) {
      int[] keys = random.ints(random.nextInt(40), 0, 6).toArray();
      var top = new TopCandidates(1 + random.nextInt(12));
      for (int i = 0; i < keys.length; i++) {
        top.offer(keys[i], i, i);
      }

      top.sort();

      List<Integer> expected =
          IntStream.range(0, keys.length)
              .boxed()
              .sorted(Comparator.comparing(i -> -keys[i]))
              .limit(top.size())
              .toList();
      assertEquals(
          expected,
          IntStream.range(0, top.size()).mapToObj(rank -> (int) top.place(rank)).toList());
    }
  }

  @Test
  void offer_fullHeap_keepsItsSize() {
    var top = new TopCandidates(2);
    for (int i = 0; i < 5; i++) {
      top.offer(i, i, -i);
    }

    top.sort();

    assertEquals(2, top.size());
    assertEquals(4, top.place(0));
    assertEquals(-3, top.value(1));
    assertEquals(3, top.key(1));
  }

  @Test
  void offer_toNone_keepsNothing() {
    var none = new TopCandidates(0);

    none.offer(1, 1, 1);
    none.sort();

    assertEquals(0, none.size());
    assertEquals(Double.POSITIVE_INFINITY, none.bar());
  }
}
