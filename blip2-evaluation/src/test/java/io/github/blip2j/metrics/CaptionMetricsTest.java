package io.github.blip2j.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The golden numbers are those of pycocoevalcap 1.2. */
final class CaptionMetricsTest {
  private static final double EQUAL = 1e-9;

  private final JsonObject golden = GoldenMetrics.load();
  private final JsonArray images = golden.getAsJsonArray("images");
  private final List<CaptionTokens> tokens = new ArrayList<>();

  CaptionMetricsTest() throws IOException {
    for (JsonElement each : images) {
      JsonObject image = each.getAsJsonObject();
      tokens.add(
          CaptionTokens.of(
              image.get("candidate").getAsString(),
              GoldenMetrics.strings(image.getAsJsonArray("references"))));
    }
  }

  @Test
  void tokens_equalTheGoldenOnes() {
    assertTrue(images.size() >= 100, "images expected, got " + images.size());
    for (int i = 0; i < images.size(); i++) {
      JsonObject image = images.get(i).getAsJsonObject();
      assertEquals(image.get("candidate_tokens").getAsString(), tokens.get(i).caption());
      assertEquals(
          GoldenMetrics.strings(image.getAsJsonArray("reference_tokens")),
          tokens.get(i).references());
    }
  }

  @Test
  void scores_equalTheGoldenOnes() {
    CaptionScores.OfSet scores = CaptionScores.of(tokens);

    assertScores(golden.getAsJsonObject("all"), scores.all());
    for (int i = 0; i < images.size(); i++) {
      assertScores(images.get(i).getAsJsonObject(), scores.images().get(i));
    }
  }

  @Test
  void scores_ofAnotherOrder_areTheSame() {
    Collections.shuffle(tokens, new Random(1));

    assertScores(golden.getAsJsonObject("all"), CaptionScores.of(tokens).all());
  }

  @Test
  void cider_oneImage_isZero() {
    var only = List.of(new CaptionTokens("a dog on a couch", List.of("a dog on a couch")));

    assertEquals(0, Cider.of(only).all());
  }

  /** By hand: four of five words, three of four pairs, two of three, one of two; no brevity. */
  @Test
  void bleu_byHand() {
    var image = new CaptionTokens("a cat on the mat", List.of("a cat on the sofa", "a bed"));

    List<Double> bleu = Bleu.of(List.of(image)).all();

    assertEquals(0.8, bleu.get(0), 1e-8);
    assertEquals(Math.sqrt(0.8 * 0.75), bleu.get(1), 1e-8);
    assertEquals(Math.cbrt(0.8 * 0.75 * 2 / 3), bleu.get(2), 1e-8);
    assertEquals(Math.pow(0.8 * 0.75 * 2 / 3 * 0.5, 0.25), bleu.get(3), 1e-8);
  }

  @Test
  void bleu_twoReferencesEquallyClose_takesTheShorter() {
    var image = new CaptionTokens("a b c d", List.of("a b c d e f", "a b"));

    assertEquals(1, Bleu.of(List.of(image)).all().get(0), 1e-8);
  }

  @Test
  void rouge_emptyCaption_isAnEmptyWord() {
    assertEquals(0, RougeL.of(List.of(new CaptionTokens("", List.of("a dog")))).all());
    assertEquals(1, RougeL.of(List.of(new CaptionTokens("", List.of("")))).all());
    assertEquals(0, Bleu.of(List.of(new CaptionTokens("", List.of("a dog")))).all().get(0), 1e-6);
  }

  @Test
  void noImage_isRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> CaptionScores.of(List.of()));

    assertEquals("bleu: images expected at least 1, got none", e.getMessage());
  }

  @Test
  void noReference_isRefused() {
    var e =
        assertThrows(IllegalArgumentException.class, () -> new CaptionTokens("a dog", List.of()));

    assertEquals(
        "captions: references expected at least 1 of each image, got none of \"a dog\"",
        e.getMessage());
  }

  private static void assertScores(JsonObject golden, CaptionScores scores) {
    JsonArray bleu = golden.getAsJsonArray("bleu");
    for (int i = 0; i < 4; i++) {
      assertEquals(bleu.get(i).getAsDouble(), scores.bleu().get(i), EQUAL);
    }
    assertEquals(golden.get("cider").getAsDouble(), scores.cider(), EQUAL);
    assertEquals(golden.get("rouge_l").getAsDouble(), scores.rougeL(), EQUAL);
  }
}
