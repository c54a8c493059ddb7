package io.github.blip2j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TokenGridTest {
  @Test
  void size_ofWhatAnArrayHolds_isTheProduct() {
    assertEquals(0, TokenGrid.size("test", 3, 0));
    assertEquals(46340 * 46340, TokenGrid.size("test", 46340, 46340));
    assertEquals(Integer.MAX_VALUE, TokenGrid.size("test", 1, Integer.MAX_VALUE));
  }

  /** The products as int: negative, positive and zero; as long: more than there are. */
  @ParameterizedTest
  @CsvSource({"46341,46341", "70000,70000", "65536,65536", "4294967296,4294967296"})
  void size_beyond_isRefused(long rows, long columns) {
    var thrown =
        assertThrows(IllegalArgumentException.class, () -> TokenGrid.size("test", rows, columns));

    assertEquals(
        "test: texts times tokens expected at most 2147483647, got "
            + rows
            + " times "
            + columns
            + "; take fewer or shorter ones at once",
        thrown.getMessage());
  }
}
