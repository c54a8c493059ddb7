package io.github.blip2j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class TokenBatchTest {
  private static final List<int[]> ROWS = List.of(new int[] {5, 6, 7}, new int[] {8}, new int[0]);

  @Test
  void pad_left_putsPaddingFirst() {
    TokenBatch batch = TokenBatch.pad(ROWS, 1, Side.LEFT);

    assertEquals(3, batch.rows());
    assertEquals(3, batch.length());
    assertEquals(1, batch.lengthOf(1));
    assertEquals(Side.LEFT, batch.side());
    assertArrayEquals(new int[] {5, 6, 7, 1, 1, 8, 1, 1, 1}, batch.ids());
    assertArrayEquals(new int[] {1, 1, 1, 0, 0, 1, 0, 0, 0}, batch.mask());
  }

  @Test
  void pad_right_putsPaddingLast() {
    TokenBatch batch = TokenBatch.pad(ROWS, 1, Side.RIGHT);

    assertArrayEquals(new int[] {5, 6, 7, 8, 1, 1, 1, 1, 1}, batch.ids());
    assertArrayEquals(new int[] {1, 1, 1, 1, 0, 0, 0, 0, 0}, batch.mask());
  }

  @Test
  void pad_noRows_isRefused() {
    var thrown =
        assertThrows(IllegalArgumentException.class, () -> TokenBatch.pad(List.of(), 0, Side.LEFT));

    assertEquals("pad: rows expected 1 or more, got 0", thrown.getMessage());
  }
}
