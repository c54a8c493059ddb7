package io.github.blip2j.qformer.objective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(InScope.class)
final class HardNegativesTest {
  private static final int DRAWS = 20_000;

  private final RandomGenerator random = new SplittableRandom(3);

  @Test
  void masked_draws_followTheSoftmaxOfTheOthers() {
    double[] row = {9, 1, 2, 0.5};
    int[] counts = images(HardNegatives.MASKED, row, Pairs.among(1, 0, 4));

    double sum = Math.exp(1) + Math.exp(2) + Math.exp(0.5);
    double[] expected = {0, Math.exp(1) / sum, Math.exp(2) / sum, Math.exp(0.5) / sum};
    assertShares(expected, counts);
  }

  @Test
  void floored_draws_leaveEasyNegativesPossible() {
    double[] row = {1, 30, 0, 0};
    int[] counts = images(HardNegatives.FLOORED, row, Pairs.among(1, 1, 4));

    // The softmax is all the own pair's, so that only the floor is left of the others.
    assertShares(new double[] {1 / 3.0, 0, 1 / 3.0, 1 / 3.0}, counts);
  }

  @Test
  void masked_pairsOfTheSameImage_areNoNegatives() {
    Pairs pairs = Pairs.withImageIds(List.of("a", "b", "a"));
    Tensor alike = Tensor.of(new double[] {5, 0, 5, 0, 5, 0, 5, 0, 5}, 3, 3);

    for (int i = 0; i < 50; i++) {
      Negatives drawn = HardNegatives.MASKED.sample(new Similarities(alike, alike), pairs, random);

      assertEquals(1, drawn.imageForText()[0]);
      assertEquals(1, drawn.textForImage()[2]);
    }
  }

  @ParameterizedTest
  @EnumSource(HardNegatives.class)
  void sample_onePair_isItsOwnNegative(HardNegatives rule) {
    Tensor one = Tensor.of(new double[] {4}, 1, 1);

    Negatives drawn = rule.sample(new Similarities(one, one), Pairs.of(1), random);

    assertArrayEquals(new int[] {0}, drawn.imageForText());
    assertArrayEquals(new int[] {0}, drawn.textForImage());
  }

  @Test
  void sample_eachDirection_readsItsOwnSimilarities() {
    Tensor toText = Tensor.of(new double[] {0, 99, -99, 0, 0, 0, 0, 99, 0}, 3, 3);
    Tensor toImage = Tensor.of(new double[] {0, -99, 99, 99, 0, 0, 99, 0, 0}, 3, 3);

    Negatives drawn =
        HardNegatives.MASKED.sample(new Similarities(toText, toImage), Pairs.of(3), random);

    assertArrayEquals(new int[] {2, 0, 0}, drawn.imageForText());
    assertEquals(1, drawn.textForImage()[0]);
    assertEquals(1, drawn.textForImage()[2]);
  }

  @Test
  void negatives_ofDifferentNumbers_areRefused() {
    var e =
        assertThrows(IllegalArgumentException.class, () -> Negatives.of(new int[2], new int[] {1}));

    assertEquals(
        "matching: as many negative images as texts expected, got 2 and 1", e.getMessage());
  }

  private int[] images(HardNegatives rule, double[] row, Pairs pairs) {
    Tensor similarity = Tensor.of(row, 1, row.length);
    int[] counts = new int[row.length];
    for (int i = 0; i < DRAWS; i++) {
      var similarities = new Similarities(similarity, similarity);
      counts[rule.sample(similarities, pairs, random).imageForText()[0]]++;
    }
    return counts;
  }

  private static void assertShares(double[] expected, int[] counts) {
    for (int j = 0; j < counts.length; j++) {
      double deviation = Math.sqrt(DRAWS * expected[j] * (1 - expected[j]));
      assertEquals(DRAWS * expected[j], counts[j], 4 * deviation, "choice " + j);
    }
  }
}
