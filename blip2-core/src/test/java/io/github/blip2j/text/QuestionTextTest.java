package io.github.blip2j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.github.blip2j.golden.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

final class QuestionTextTest {
  @Test
  void clean_awkwardQuestions_equalsPython() throws IOException {
    String json = Files.readString(Fixtures.own("text").resolve("blip_question.json"));
    JsonArray pairs = JsonParser.parseString(json).getAsJsonArray();
    assertEquals(15, pairs.size());

    for (JsonElement pair : pairs) {
      String question = pair.getAsJsonArray().get(0).getAsString();
      String expected = pair.getAsJsonArray().get(1).getAsString();
      assertEquals(expected, QuestionText.lavis().clean(question), () -> "of '" + question + "'");
    }
  }

  @Test
  void maxWords_ofNone_isRefused() {
    assertEquals(
        "QuestionText: maxWords expected at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> new QuestionText(0)).getMessage());
  }
}
