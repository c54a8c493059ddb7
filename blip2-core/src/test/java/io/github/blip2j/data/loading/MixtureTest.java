package io.github.blip2j.data.loading;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.data.EpochOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MixtureTest {
  private static final long SEED = 42;

  private record Numbers(int size) implements SampleSet {
    @Override
    public int[] order(long seed, int epoch) {
      return EpochOrder.of(size, seed, epoch);
    }
  }

  @Test
  void epoch_oneSet_isItsOwnOrder() {
    Mixture mixture = Mixture.of(List.of(new Numbers(9)), List.of(0.3));
    Mixture.Epoch epoch = mixture.epoch(SEED, 5);

    int[] order = new int[9];
    for (int i = 0; i < 9; i++) {
      Mixture.Sample sample = epoch.at(i);
      order[i] = sample.index();
      assertEquals(new Mixture.Sample(0, 5, order[i], SEED), sample);
    }
    assertArrayEquals(EpochOrder.of(9, SEED, 5), order);
  }

  @Test
  void epoch_withoutWeights_holdsEachSampleOnceInOrderOfItsSet() {
    Mixture mixture = Mixture.of(List.of(new Numbers(30), new Numbers(10)));
    Mixture.Epoch epoch = mixture.epoch(SEED, 2);

    Set<List<Integer>> seen = new HashSet<>();
    int changes = 0;
    for (int i = 0; i < 40; i++) {
      Mixture.Sample sample = epoch.at(i);
      assertEquals(2, sample.epoch());
      assertTrue(seen.add(List.of(sample.set(), sample.index())));
      changes += i > 0 && sample.set() != epoch.at(i - 1).set() ? 1 : 0;
    }
    assertEquals(40, seen.size());
    assertTrue(changes > 5, "sets expected to be mixed, got " + changes + " changes");
  }

  @Test
  void epoch_weights_useEverySampleOfASetEquallyOften() {
    // 3 of 10 samples of an epoch come from a set of 4, so 12 in four epochs: each three times.
    Mixture mixture = Mixture.of(List.of(new Numbers(6), new Numbers(4)), List.of(7.0, 3.0));
    List<List<Integer>> ofSecond = new ArrayList<>();
    int[] ofFirst = new int[6];
    for (int e = 0; e < 4; e++) {
      Mixture.Epoch epoch = mixture.epoch(SEED, e);
      int second = 0;
      for (int i = 0; i < 10; i++) {
        Mixture.Sample sample = epoch.at(i);
        if (sample.set() == 1) {
          ofSecond.add(List.of(sample.epoch(), sample.index()));
          second++;
        } else {
          ofFirst[sample.index()]++;
        }
      }
      assertEquals(3, second);
    }
    assertEquals(7, mixture.draws(0));
    assertEquals(12, new HashSet<>(ofSecond).size()); // three epochs of four samples
    for (int i = 0; i < 12; i++) {
      assertEquals(i / 4, ofSecond.get(i).get(0));
    }
    for (int times : ofFirst) {
      assertTrue(times == 4 || times == 5, "28 draws of 6 samples, got one " + times + " times");
    }
  }

  @Test
  void epoch_setsOfEqualSize_haveOrdersAndSeedsOfTheirOwn() {
    Mixture mixture = Mixture.of(List.of(new Numbers(50), new Numbers(50)));
    Mixture.Epoch epoch = mixture.epoch(SEED, 0);

    List<List<Integer>> orders = List.of(new ArrayList<>(), new ArrayList<>());
    Set<Long> seeds = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      Mixture.Sample sample = epoch.at(i);
      orders.get(sample.set()).add(sample.index());
      seeds.add(sample.seed());
    }
    assertTrue(!orders.get(0).equals(orders.get(1)));
    assertEquals(2, seeds.size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | data: weight expected positive and finite, got 0.0",
        "NaN | data: weight expected positive and finite, got NaN",
        "Infinity | data: weight expected positive and finite, got Infinity",
        "1e-9 | data: weight expected to give a set at least one of an epoch's 3 samples, got"
            + " 1.0E-9 of 1.000000001; leave the set out",
      })
  void of_otherWeights_areRefused(double weight, String message) {
    List<Numbers> sets = List.of(new Numbers(1), new Numbers(2));

    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> Mixture.of(sets, List.of(1.0, weight)))
            .getMessage());
  }

  @Test
  void of_otherCounts_areRefused() {
    assertEquals(
        "data: weights expected for all of 1 sets, got 2",
        assertThrows(
                IllegalArgumentException.class,
                () -> Mixture.of(List.of(new Numbers(1)), List.of(1.0, 2.0)))
            .getMessage());
    assertEquals(
        "data: samples expected 1 to 2147483639 in all sets, got 4294967294",
        assertThrows(
                IllegalArgumentException.class,
                () -> Mixture.of(List.of(new Numbers(2147483647), new Numbers(2147483647))))
            .getMessage());
  }
}
