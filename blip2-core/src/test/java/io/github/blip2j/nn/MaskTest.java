package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

@ExtendWith(InScope.class)
final class MaskTest {
  @Test
  void causal_square_isLowerTriangle() {
    assertArrayEquals(
        new double[] {1, 0, 0, 1 / 2., 1 / 2., 0, 1 / 3., 1 / 3., 1 / 3.},
        shares(Mask.causal(3, 3), 1, 3, 3),
        1e-7);
  }

  @Test
  void causal_newestPositions_seeAllEarlierOnes() {
    Mask mask = Mask.causal(2, 4);

    assertArrayEquals(
        new double[] {1 / 3., 1 / 3., 1 / 3., 0, 1 / 4., 1 / 4., 1 / 4., 1 / 4.},
        shares(mask, 1, 2, 4),
        1e-7);
  }

  @Test
  void causal_singleTarget_needsNoMask() {
    assertNull(Mask.causal(1, 5).tensor());
  }

  @Test
  void causal_moreTargetsThanSources_isRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> Mask.causal(4, 2));

    assertEquals(
        "mask: targets expected among the sources, got targets=4, sources=2", e.getMessage());
  }

  @Test
  void prefixThenCausal_prefixSeesItself_wordsSeeItAndWhatCameBefore() {
    double third = 1 / 3.;
    double quarter = 1 / 4.;

    assertArrayEquals(
        new double[] {
          1 / 2., 1 / 2., 0, 0, //
          1 / 2., 1 / 2., 0, 0, //
          third, third, third, 0, //
          quarter, quarter, quarter, quarter
        },
        shares(Mask.prefixThenCausal(2, 2), 1, 4, 4),
        1e-7);
  }

  @Test
  void prefixThenCausal_withoutWords_needsNoMask() {
    assertSame(Mask.none(), Mask.prefixThenCausal(3, 0));
  }

  @Test
  void rows_pickTheRowsOfABatch() {
    Mask mask = Mask.padding(new int[][] {{1, 1, 0}, {0, 1, 0}});

    assertArrayEquals(
        new double[] {0, 1, 0, 1 / 2., 1 / 2., 0, 0, 1, 0},
        shares(mask.rows(1, 0, 1), 3, 1, 3),
        1e-7);
    assertSame(Mask.none(), Mask.none().rows(0, 0));
    Mask everyRow = Mask.causal(2, 2);
    assertSame(everyRow, everyRow.rows(3));
  }

  @Test
  void padding_zeros_areNotSeen() {
    Mask mask = Mask.padding(new int[][] {{1, 1, 0}, {0, 1, 0}});

    assertArrayEquals(new double[] {1 / 2., 1 / 2., 0, 0, 1, 0}, shares(mask, 2, 1, 3), 1e-7);
  }

  @Test
  void padding_withoutZeros_needsNoMask() {
    assertSame(Mask.none(), Mask.padding(new int[][] {{1, 1}, {1, 1}}));
    assertSame(Mask.none(), Mask.padding(new int[0][]));
  }

  @Test
  void padding_rowsOfTwoLengths_areRefused() {
    int[][] ragged = {{1, 1}, {1, 1, 1}};

    var e = assertThrows(IllegalArgumentException.class, () -> Mask.padding(ragged));

    assertEquals("mask: rows of one length expected, got 2 and 3", e.getMessage());
  }

  @Test
  void and_bothHold() {
    Mask mask = Mask.causal(2, 2).and(Mask.padding(new int[][] {{1, 1}, {0, 1}}));

    double[] shares = shares(mask, 2, 2, 2);

    assertArrayEquals(new double[] {1, 0, 1 / 2., 1 / 2.}, first(shares), 1e-7);
    assertArrayEquals(new double[] {0, 1}, new double[] {shares[6], shares[7]}, 1e-7);
  }

  @Test
  void and_none_changesNothing() {
    Mask causal = Mask.causal(2, 2);

    assertSame(causal, causal.and(Mask.none()));
    assertSame(causal, Mask.none().and(causal));
    assertSame(Mask.none(), Mask.none().and(Mask.none()));
  }

  @Test
  void padding_rowWithoutAnyToken_isUniformAndNotNan() {
    Mask mask = Mask.padding(new int[][] {{0, 0, 0, 0}});

    assertArrayEquals(new double[] {.25, .25, .25, .25}, shares(mask, 1, 1, 4), 1e-7);
  }

  @Test
  void and_fullyMaskedRow_isFinite() {
    // The first position of a row padded on the left: it may see itself alone, and is padding.
    Mask mask = Mask.causal(2, 2).and(Mask.padding(new int[][] {{0, 1}}));

    assertEquals(1, shares(mask, 1, 2, 2)[0] + shares(mask, 1, 2, 2)[1], 1e-7);
  }

  /** The softmax over equal scores [B, T, S] under a mask. */
  private static double[] shares(Mask mask, int batch, int targets, int sources) {
    Tensor scores = Tensor.full(DType.FLOAT32, 0.5, batch, 1, targets, sources);
    Tensor additive = mask.tensor();
    return (additive == null ? scores : scores.add(additive)).softmax().toDoubles();
  }

  private static double[] first(double[] shares) {
    return new double[] {shares[0], shares[1], shares[2], shares[3]};
  }

  @Test
  void masks_ofMoreNumbersThanAnArrayHolds_nameTheirShape() {
    int many = 1 << 16;
    for (Executable made :
        List.<Executable>of(
            () -> Mask.causal(many, many),
            () -> Mask.prefixThenCausal(1, many - 1),
            () -> Mask.where(1, many, many, (b, t, s) -> true))) {
      String said = assertThrows(IllegalArgumentException.class, made).toString();
      assertTrue(said.contains("mask: at most 2^31 - 1 numbers expected"), said);
    }
  }
}
