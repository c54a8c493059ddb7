package io.github.blip2j.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.data.Answer.Person;
import io.github.blip2j.data.Question;
import io.github.blip2j.evaluation.VqaReport.Metric;
import io.github.blip2j.evaluation.data.AnswerResults.Answer;
import io.github.blip2j.evaluation.data.CaptionItem;
import io.github.blip2j.evaluation.data.QuestionItem;
import io.github.blip2j.metrics.CaptionScores;
import io.github.blip2j.metrics.CaptionTokens;
import io.github.blip2j.metrics.TopK;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ReportsTest {
  @Test
  void captions_ofADomain_areASetOfTheirOwn() {
    List<CaptionItem> items =
        List.of(
            new CaptionItem("1", null, List.of("a red dog runs fast"), "in-domain"),
            new CaptionItem("2", null, List.of("a blue cat sits still"), "out-domain"),
            new CaptionItem("3", null, List.of("a green bird flies high"), "in-domain"));
    List<String> captions =
        List.of("a red dog runs", "a blue cat sits still", "A green bird flies high.");

    CaptionReport report = CaptionReport.of(items, captions);

    CaptionScores inside =
        CaptionScores.of(
                List.of(
                    CaptionTokens.of(captions.get(0), items.get(0).references()),
                    CaptionTokens.of(captions.get(2), items.get(2).references())))
            .all();
    assertEquals(List.of("in-domain", "out-domain"), List.copyOf(report.domains().keySet()));
    assertEquals(inside, report.domains().get("in-domain"));
    assertEquals(10, report.images().get(1).cider(), 1e-9);
  }

  @Test
  void captions_withoutReferences_areRefused() {
    var items = List.of(new CaptionItem("7", null, List.of(), null));

    var e =
        assertThrows(
            IllegalArgumentException.class, () -> CaptionReport.of(items, List.of("a dog")));
    assertEquals("image 7: references expected at least 1, got none", e.getMessage());
    e = assertThrows(IllegalArgumentException.class, () -> CaptionReport.of(items, List.of()));
    assertEquals("captions: expected one for each of 1 images, got 0", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> CaptionReport.of(List.of(), List.of()));
  }

  @Test
  void answers_haveScoresOfTheirTypes() {
    List<QuestionItem> questions =
        List.of(
            question("1", new Question.Type("how many", "number"), people("2", 10)),
            question("2", new Question.Type("is it", "yes/no"), people("yes", 10)),
            question("3", new Question.Type("how many", null), people("3", 10)));
    List<Answer> answers = List.of(answer("two"), answer("Yes."), answer("4"));

    VqaReport report = VqaReport.of(questions, answers, Metric.VQA);

    assertEquals(66.67, report.direct());
    assertEquals(Map.of("how many", 50.0, "is it", 100.0), report.byQuestionType());
    assertEquals(Map.of("number", 100.0, "yes/no", 100.0), report.byAnswerType());
    assertNull(report.choice());
  }

  @Test
  void choices_areComparedWithTheRightOne() {
    List<QuestionItem> questions =
        List.of(chosen("1", people("dog", 3)), chosen("2", people("dogs", 3)));
    List<Answer> answers = List.of(new Answer("dog", "dog"), new Answer("dog", "cat"));

    VqaReport report = VqaReport.of(questions, answers, Metric.AOKVQA);

    assertEquals(50, report.choice());
    assertEquals(50, report.direct());
    assertEquals(Metric.AOKVQA, Metric.of(questions));
  }

  @Test
  void metric_isFoundByTheAnswers() {
    assertEquals(Metric.GQA, Metric.of(List.of(question("1", null, people("a", 1)))));
    assertEquals(Metric.VQA, Metric.of(List.of(question("1", null, people("a", 10)))));
  }

  @Test
  void wrongQuestions_areNamed() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                VqaReport.of(
                    List.of(question("7", null, people("a", 2))),
                    List.of(answer("a")),
                    Metric.GQA));
    assertEquals("question 7: gqa: answers expected 1 of each question, got 2", e.getMessage());
    e =
        assertThrows(
            IllegalArgumentException.class, () -> VqaReport.of(List.of(), List.of(), Metric.VQA));
    assertEquals(
        "vqa: questions expected at least 1, and an answer for each, got 0 and 0", e.getMessage());
  }

  @Test
  void topK_countsPlaces() {
    assertEquals(new TopK(25, 75), TopK.of(List.of(0, 4, 5, 1)));
    assertThrows(IllegalArgumentException.class, () -> TopK.of(List.of()));
  }

  private static QuestionItem chosen(String id, List<io.github.blip2j.data.Answer> people) {
    QuestionItem open = question(id, null, people);
    return new QuestionItem(
        id, open.image(), open.question().withChoices(List.of("cat", "dog"), 1));
  }

  private static QuestionItem question(
      String id, Question.@Nullable Type type, List<io.github.blip2j.data.Answer> people) {
    return new QuestionItem(id, "a.png", Question.of(id, "What?", people).withType(type));
  }

  private static Answer answer(String text) {
    return new Answer(text, null);
  }

  private static List<io.github.blip2j.data.Answer> people(String answer, int count) {
    List<io.github.blip2j.data.Answer> people = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      people.add(
          new io.github.blip2j.data.Answer(
              answer, 1.0 / count, new Person(Integer.toString(i), "yes")));
    }
    return people;
  }
}
