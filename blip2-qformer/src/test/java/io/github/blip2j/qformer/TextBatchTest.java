package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.InScope;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(InScope.class)
final class TextBatchTest {
  private final TextBatch batch = TextBatch.of(List.of(new int[] {5, 6, 7}, new int[] {8}), 9);

  @Test
  void of_differentLengths_padsOnTheRight() {
    assertArrayEquals(new long[] {5, 6, 7, 8, 9, 9}, batch.ids().toLongs());
    assertArrayEquals(new int[][] {{1, 1, 1}, {1, 0, 0}}, batch.mask());
    assertEquals(2, batch.size());
    assertEquals(3, batch.length());
  }

  @Test
  void labels_ofPadding_countNowhere() {
    assertArrayEquals(new long[] {5, 6, 7, 8, -100, -100}, batch.labels().toLongs());
  }

  @Test
  void startingWith_changesTheFirstTokenOnly() {
    TextBatch begun = batch.startingWith(1);

    assertArrayEquals(new long[] {1, 6, 7, 1, 9, 9}, begun.ids().toLongs());
    assertArrayEquals(new long[] {5, 6, 7, 8, 9, 9}, batch.ids().toLongs());
  }

  @Test
  void rows_mayRepeat() {
    TextBatch rows = batch.rows(1, 0, 1);

    assertArrayEquals(new long[] {8, 9, 9, 5, 6, 7, 8, 9, 9}, rows.ids().toLongs());
    assertArrayEquals(new int[][] {{1, 0, 0}, {1, 1, 1}, {1, 0, 0}}, rows.mask());
  }

  @Test
  void of_noTexts_isRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> TextBatch.of(List.of(), 0));

    assertEquals("texts: expected at least 1, got 0", e.getMessage());
  }

  @Test
  void of_textWithoutTokens_isRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> TextBatch.of(List.of(new int[] {1, 2}, new int[0]), 0));

    assertEquals("texts: expected 1 to 2 tokens, got 0 in text 1", e.getMessage());
  }

  @Test
  void of_textBeyondTheLength_isRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> TextBatch.of(List.of(new int[] {1, 2, 3}), 0, 2));

    assertEquals("texts: expected 1 to 2 tokens, got 3 in text 0", e.getMessage());
  }
}
