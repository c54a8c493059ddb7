package io.github.blip2j.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ParameterPatternTest {
  private static final List<String> NAMES =
      List.of(
          "qformer.layers.0.mlp.up.weight",
          "vision.layers.3.mlp.up.weight",
          "vision.layers.30.mlp.up.weight",
          "vision.layers.39.attention.query.bias",
          "visionNorm.weight");

  @ParameterizedTest
  @CsvSource({
    "vision.layers.3[0-9].*, 2",
    "vision.layers.3[!0-8].*, 1",
    "vision.layers.?.*, 1",
    "*, 5",
    "vision.*, 3",
    "vision*, 4",
    "visionNorm.weight, 1",
    "/vision\\.layers\\.(3|30)\\..*/, 2",
  })
  void select_pattern_takesTheNames(String pattern, int count) {
    assertEquals(count, ParameterPattern.select("train", List.of(pattern), NAMES).size());
  }

  @Test
  void select_severalPatterns_takesTheirUnion() {
    assertEquals(
        Set.of("visionNorm.weight", "qformer.layers.0.mlp.up.weight"),
        ParameterPattern.select("train", List.of("q*", "visionNorm.*"), NAMES));
  }

  @Test
  void select_patternOfNothing_namesThoseNearIt() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ParameterPattern.select("train", List.of("vision.blocks.3[0-9].*"), NAMES));

    assertEquals(
        "train: pattern expected to match a parameter, got none for 'vision.blocks.3[0-9].*'; near"
            + " it are vision.layers.3.mlp.up.weight, vision.layers.30.mlp.up.weight,"
            + " vision.layers.39.attention.query.bias",
        e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "[a, glob expected",
    "/(a/, regular expression expected",
    "' ', text expected",
  })
  void of_wrongPattern_isRefused(String pattern, String said) {
    var e = assertThrows(IllegalArgumentException.class, () -> ParameterPattern.of(pattern));

    assertEquals(0, String.valueOf(e.getMessage()).indexOf("parameter pattern: " + said));
  }
}
