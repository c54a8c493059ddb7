package io.github.blip2j.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The golden numbers are those of LAVIS's vqa_eval. */
final class VqaAccuracyTest {
  private static final double EQUAL = 1e-9;

  private final JsonObject golden = GoldenMetrics.load().getAsJsonObject("vqa");

  VqaAccuracyTest() throws IOException {}

  @Test
  void normalForms_equalTheGoldenOnes() {
    Map<String, JsonElement> forms = golden.getAsJsonObject("normalised").asMap();

    assertTrue(forms.size() >= 40, "forms expected, got " + forms.size());
    forms.forEach(
        (answer, form) -> assertEquals(form.getAsString(), VqaAnswerText.normalize(answer)));
  }

  @Test
  void accuracies_equalTheGoldenOnes() {
    JsonArray questions = golden.getAsJsonArray("questions");
    double sum = 0;
    for (JsonElement each : questions) {
      JsonObject question = each.getAsJsonObject();
      double accuracy =
          VqaAccuracy.vqa(
              question.get("result").getAsString(),
              numbered(GoldenMetrics.strings(question.getAsJsonArray("answers"))));
      assertEquals(
          question.get("accuracy").getAsDouble(),
          VqaAccuracy.percent(accuracy),
          EQUAL,
          question.toString());
      sum += accuracy;
    }

    assertEquals(
        golden.get("overall").getAsDouble(), VqaAccuracy.percent(sum / questions.size()), EQUAL);
  }

  @Test
  void vqa_twoOfTen_countForTheEightOthers() {
    List<String> answers = new ArrayList<>(List.of("red", "red"));
    for (int i = 0; i < 8; i++) {
      answers.add("blue");
    }

    // Eight people see two others, two see one.
    assertEquals((8 * 2 / 3.0 + 2 / 3.0) / 10, VqaAccuracy.vqa("Red.", numbered(answers)), EQUAL);
  }

  @Test
  void vqa_withoutIds_equalAnswersAreOnePersons() {
    var people = List.of(plain("red"), plain("red"), plain("blue"), plain("green"));

    assertEquals(2 * (2 / 3.0) / 4, VqaAccuracy.vqa("red", people), EQUAL);
  }

  @Test
  void vqa_agreedAnswer_keepsItsPunctuation() {
    List<String> same = List.of("t-shirt", "t-shirt", "t-shirt", "t-shirt");

    assertEquals(0, VqaAccuracy.vqa("t-shirt", numbered(same)));
    assertEquals(
        0.75,
        VqaAccuracy.vqa("t-shirt", numbered(List.of("t-shirt", "t-shirt", "t-shirt", "shirt"))),
        EQUAL);
  }

  @Test
  void slips_areKept() {
    assertEquals("0", VqaAnswerText.normalize("none"));
    assertEquals("im", VqaAnswerText.normalize("Im")); // the key has a capital
    assertEquals("somebodyd", VqaAnswerText.normalize("somebody'd"));
    assertEquals("a.5", VqaAnswerText.withoutPunctuation("a.5")); // before a digit it stays
    assertEquals(".".repeat(8), VqaAnswerText.withoutPunctuation(".".repeat(40)));
    assertEquals("1000 redblue", VqaAnswerText.normalize("1,000 red/blue"));
  }

  @Test
  void gqa_comparesNormalForms() {
    assertEquals(1, VqaAccuracy.gqa("The Dog.", List.of(plain("dog"))));
    assertEquals(0, VqaAccuracy.gqa("dogs", List.of(plain("dog"))));
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> VqaAccuracy.gqa("dog", List.of(plain("a"), plain("b"))));
    assertEquals("gqa: answers expected 1 of each question, got 2", e.getMessage());
  }

  @Test
  void aokvqa_comparesTextsAsTheyAre() {
    var people = numbered(List.of("dog", "dog", "Dog", "cat"));

    assertEquals(2 / 3.0, VqaAccuracy.aokvqa("dog", people), EQUAL);
    assertEquals(1 / 3.0, VqaAccuracy.aokvqa("Dog", people), EQUAL);
    assertEquals(0, VqaAccuracy.aokvqa("dog.", people));
  }

  @Test
  void percent_roundsAsPython() {
    assertEquals(33.33, VqaAccuracy.percent(1 / 3.0));
    assertEquals(0.12, VqaAccuracy.percent(0.00125)); // 0.125 exactly: to even
    assertEquals(100, VqaAccuracy.percent(1));
  }

  @Test
  void noAnswer_isRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> VqaAccuracy.vqa("a", List.of()));

    assertEquals(
        "vqa: answers of people expected at least 1 of each question, got none", e.getMessage());
  }

  private static HumanAnswer plain(String answer) {
    return new HumanAnswer(answer, null, null);
  }

  private static List<HumanAnswer> numbered(List<String> answers) {
    List<HumanAnswer> people = new ArrayList<>();
    for (int i = 0; i < answers.size(); i++) {
      people.add(new HumanAnswer(answers.get(i), Integer.toString(i + 1), "yes"));
    }
    return people;
  }
}
