package io.github.blip2j.data.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ShardNamesTest {
  @Test
  void expand_ranges_keepLeadingZeros() {
    assertEquals(
        List.of("a/008.tar", "a/009.tar", "a/010.tar"), ShardNames.expand("a/{008..010}.tar"));
    assertEquals(List.of("8", "9", "10"), ShardNames.expand("{8..10}"));
    assertEquals(List.of("00", "01"), ShardNames.expand("{00..1}"));
    assertEquals(List.of("0.tar", "1.tar"), ShardNames.expand("{0..1}.tar"));
    assertEquals(List.of("plain.tar"), ShardNames.expand("plain.tar"));
  }

  @Test
  void expand_several_varyTheLastFirst() {
    assertEquals(List.of("x0", "x1", "y0", "y1"), ShardNames.expand("{x,y}{0..1}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a{1..2 | closed and in pairs",
        "a1..2} | closed and in pairs",
        "{a{1..2},b} | side by side, not inside each other",
        "a{1} | a range such as {000..123} or a choice such as {a,b}",
        "a{2..1} | from the smaller to the larger number",
        "{0..999999999} | for at most 1000000 names",
        "{0..9999}{0..9999} | for at most 1000000 names",
      })
  void expand_otherBraces_areRefused(String name, String expected) {
    var e = assertThrows(IllegalArgumentException.class, () -> ShardNames.expand(name));

    assertEquals("data: braces of " + name + " expected " + expected, e.getMessage());
  }
}
