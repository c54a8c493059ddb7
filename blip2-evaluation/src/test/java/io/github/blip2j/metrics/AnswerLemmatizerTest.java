package io.github.blip2j.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Base forms by hand, of words that are frequent in answers. */
final class AnswerLemmatizerTest {
  @ParameterizedTest
  @CsvSource({
    "dogs, dog",
    "men, man",
    "knives, knife",
    "berries, berry",
    "glasses, glass",
    "boxes, box",
    "benches, bench",
    "tomatoes, tomato",
    "bus, bus",
    "tennis, tennis",
    "grass, grass",
    "yes, yes",
    "surfing, surf",
    "riding, ride",
    "skating, skate",
    "sitting, sit",
    "swimming, swim",
    "eating, eat",
    "dancing, dance",
    "driving, drive",
    "skiing, ski",
    "fishing, fish",
    "falling, fall",
    "waving, wave",
    "cooking, cook",
    "playing, play",
    "building, building",
    "morning, morning",
    "red, red",
    "striped, striped",
    "ate, eat",
    "riding horses, ride horse",
    "St. Louis, St. Louis",
    "2, 2",
  })
  void lemmatize_ofWords(String answer, String base) {
    assertEquals(base, AnswerLemmatizer.lemmatize(answer));
  }
}
