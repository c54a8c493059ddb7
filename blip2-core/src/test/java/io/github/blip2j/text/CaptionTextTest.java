package io.github.blip2j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.github.blip2j.golden.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

final class CaptionTextTest {
  @Test
  void clean_awkwardCaptions_equalsPython() throws IOException {
    String json = Files.readString(Fixtures.own("text").resolve("blip_caption.json"));
    JsonArray pairs = JsonParser.parseString(json).getAsJsonArray();
    assertTrue(pairs.size() > 30);

    for (JsonElement pair : pairs) {
      String caption = pair.getAsJsonArray().get(0).getAsString();
      String expected = pair.getAsJsonArray().get(1).getAsString();
      assertEquals(expected, CaptionText.lavis().clean(caption), () -> "of '" + caption + "'");
    }
  }

  @Test
  void clean_withPrompt_putsItBeforeAsItIs() {
    CaptionText text = CaptionText.lavis().withPrompt("A photo of ");

    assertEquals("A photo of two dogs", text.clean(" Two dogs."));
    assertEquals("A photo of ", text.clean("..."));
  }

  @Test
  void clean_moreWordsThanMax_keepsTheFirst() {
    assertEquals("a b", new CaptionText("", 2).clean("a b c d"));
    assertEquals("a b", new CaptionText("", 2).clean("a b"));
  }

  @Test
  void maxWords_ofNone_isRefused() {
    assertEquals(
        "CaptionText: maxWords expected at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> new CaptionText("", 0)).getMessage());
  }
}
