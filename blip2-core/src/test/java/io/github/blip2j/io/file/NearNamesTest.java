package io.github.blip2j.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NearNamesTest {
  @ParameterizedTest
  @CsvSource({"kitten, sitting, 3", "flaw, lawn, 2", "'', abc, 3", "same, same, 0", "ab, ba, 2"})
  void distance_textbookExamples_areThoseOfTheTextbook(String from, String to, int expected) {
    assertEquals(expected, NearNames.distance(from, to));
    assertEquals(expected, NearNames.distance(to, from));
  }

  @Test
  void of_severalNames_givesTheNearestFirst() {
    List<String> known = List.of("run.seed", "run.init_lr", "run.min_lr", "run.init_lr");

    assertEquals(List.of("run.init_lr", "run.min_lr"), NearNames.of("run.init_rl", known, 2));
  }

  @Test
  void beginningLike_longNames_comparesTheirBeginnings() {
    List<String> known = List.of("vision.layers.0.attention.query.weight", "a");

    assertEquals(
        List.of("vision.layers.0.attention.query.weight"),
        NearNames.beginningLike("vision.blocks.", known, 1));
  }
}
