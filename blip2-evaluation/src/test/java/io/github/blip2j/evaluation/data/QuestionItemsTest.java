package io.github.blip2j.evaluation.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.data.DataException;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.data.ImageNames;
import io.github.blip2j.data.Question;
import io.github.blip2j.evaluation.data.AnswerResults.Answer;
import io.github.blip2j.evaluation.data.AnswerResults.Format;
import io.github.blip2j.metrics.HumanAnswer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class QuestionItemsTest {
  private static final String VQAV2 =
      """
      {"info": {}, "task_type": "Open-Ended", "data_type": "mscoco", "license": {},
       "data_subtype": "val2014",
       "questions": [{"image_id": 42, "question": "What?", "question_id": 420},
                     {"image_id": 42, "question": "Why?", "question_id": 421}]}
      """;
  private static final String ANNOTATIONS =
      """
      {"annotations": [
        {"question_id": 421, "image_id": 42, "question_type": "why", "answer_type": "other",
         "multiple_choice_answer": "fun",
         "answers": [{"answer": "fun", "answer_confidence": "yes", "answer_id": 1}]},
        {"question_id": 420, "image_id": 42, "question_type": "what", "answer_type": "number",
         "answers": [{"answer": "2", "answer_confidence": "maybe", "answer_id": 1},
                     {"answer": "3", "answer_id": 2}]}]}
      """;

  private final Path folder;

  QuestionItemsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void vqav2_joinsQuestionsAndAnnotations() throws IOException {
    List<QuestionItem> questions =
        read(DataFile.of(file(VQAV2)).withAnnotations(other(ANNOTATIONS)));

    QuestionItem first = questions.get(0);
    assertEquals("420", first.id());
    assertEquals("val2014/COCO_val2014_000000000042.jpg", first.image());
    assertEquals(
        List.of(new HumanAnswer("2", "1", "maybe"), new HumanAnswer("3", "2", null)),
        first.people());
    assertEquals(new Question.Type("why", "other"), questions.get(1).question().type());
  }

  @Test
  void gqa_readsAnObjectOfRecords() throws IOException {
    List<QuestionItem> questions =
        read(
            file(
                "{\"05451384\": {\"imageId\": \"2382986\", \"question\": \"Is it?\", \"answer\":"
                    + " \"no\"}}"));

    assertEquals("05451384", questions.get(0).id());
    assertEquals("2382986.jpg", questions.get(0).image());
    assertEquals("no", questions.get(0).people().get(0).answer());
  }

  @Test
  void oneTypeOfTwo_isRead() throws IOException {
    List<QuestionItem> questions =
        read(
            file(
                """
                [{"image": "a.png", "question_id": "1", "question": "What?", "answer": "x",
                  "question_type": "what is it"}]
                """));

    assertEquals(new Question.Type("what is it", null), questions.get(0).question().type());
  }

  @Test
  void aokvqa_readsChoices() throws IOException {
    List<QuestionItem> questions =
        read(
            file(
                """
                [{"split": "val", "image_id": 461751, "question_id": "22jbM6gD",
                  "question": "What?", "choices": ["a", "b", "c", "d"], "correct_choice_idx": 2,
                  "direct_answers": ["x", "x", "y"], "difficult_direct_answer": false}]
                """));

    QuestionItem only = questions.get(0);
    assertEquals("val2017/000000461751.jpg", only.image());
    assertEquals("c", only.rightChoice());
    assertEquals(3, only.people().stream().distinct().count()); // three people
  }

  @Test
  void lavis_readsLines() throws IOException {
    List<QuestionItem> questions =
        read(
            file(
                """
                {"question_id": 1, "question": "What?", "answer": ["red"], "image": "a.png"}
                {"question_id": 2, "question": "Why?", "image": "b.png", "dataset": "vqa"}
                """));

    assertEquals("a.png", questions.get(0).image());
    assertEquals(List.of(), questions.get(1).people());
    assertNull(questions.get(1).question().type());
  }

  @Test
  void imageNames_replaceTheDataSets() throws IOException {
    List<QuestionItem> questions =
        read(DataFile.of(file(VQAV2)).withImageNames(new ImageNames("x_{5}.png")));

    assertEquals("x_00042.png", questions.get(0).image());
    assertThrows(IllegalArgumentException.class, () -> new ImageNames("x.png"));
  }

  @Test
  void questionsWithoutAnnotations_areRefused() {
    refused(
        VQAV2,
        "{\"annotations\": [{\"question_id\": 420, \"answers\": [{\"answer\": \"2\"}]}]}",
        "questions.json: question 2: answers to question 421 expected in "
            + folder.resolve("other.json")
            + ", got none; name the annotations of the same questions");
  }

  @Test
  void idsTwice_areRefused() {
    refused(
        "[{\"question_id\": 1, \"question\": \"a\", \"image\": \"a\"},"
            + " {\"question_id\": 1, \"question\": \"b\", \"image\": \"a\"}]",
        null,
        "questions.json: record 2: question_id expected once, got 1 in record 1 too; remove one of them");
    refused(
        VQAV2,
        "[{\"question_id\": 420, \"answers\": [\"2\"]}, {\"question_id\": 420, \"answers\":"
            + " [\"2\"]}]",
        "other.json: record 2: question_id expected once, got 420 again; remove one of them");
  }

  @Test
  void wrongChoices_areRefused() {
    refused(
        "[{\"question_id\": 1, \"question\": \"a\", \"image\": \"a\", \"choices\": [\"x\", \"y\"],"
            + " \"correct_choice_idx\": 2}]",
        null,
        "questions.json: record 1: question: correct choice expected one of 2, got index 2");
    refused(
        "[{\"question_id\": 1, \"question\": \"a\", \"image\": \"a\", \"choices\": [\"x\"]}]",
        null,
        "questions.json: question 1: choices expected at least 2, got 1; leave them out, or add the"
            + " others");
    refused(
        "[{\"question\": \"a\", \"image\": \"a\"}]",
        null,
        "questions.json: record 1: key expected question_id or questionId, got question, image");
    refused(
        "[{\"question_id\": 1, \"image\": \"a\"}]",
        null,
        "questions.json: record 1: key expected question or text_input, got question_id, image");
  }

  @Test
  void results_areWhatTheServersTake() throws IOException {
    Map<String, Answer> answers = new LinkedHashMap<>();
    answers.put("420", new Answer("yes", null));
    answers.put("05451384", new Answer("a \"dog\"", "cat"));

    assertEquals(
        "[{\"question_id\":420,\"answer\":\"yes\"},"
            + "{\"question_id\":\"05451384\",\"answer\":\"a \\\"dog\\\"\"}]\n",
        written(Format.VQA, answers));
    assertEquals(
        "[{\"questionId\":\"420\",\"prediction\":\"yes\"},"
            + "{\"questionId\":\"05451384\",\"prediction\":\"a \\\"dog\\\"\"}]\n",
        written(Format.GQA, answers));
    assertEquals(
        "{\"420\":{\"direct_answer\":\"yes\"},"
            + "\"05451384\":{\"multiple_choice\":\"cat\",\"direct_answer\":\"a \\\"dog\\\"\"}}\n",
        written(Format.AOKVQA, answers));
    assertEquals(answers, AnswerResults.read(folder.resolve("results.json")));
  }

  private String written(Format format, Map<String, Answer> answers) throws IOException {
    Path file = folder.resolve("results.json");
    AnswerResults.write(file, format, answers);
    return Files.readString(file);
  }

  private void refused(String questions, @Nullable String annotations, String message) {
    var e =
        assertThrows(
            DataException.class,
            () -> {
              DataFile file = DataFile.of(file(questions));
              read(annotations == null ? file : file.withAnnotations(other(annotations)));
            });
    assertEquals(folder.resolve(message).toString(), e.getMessage());
  }

  private List<QuestionItem> read(Path file) throws IOException {
    return read(DataFile.of(file));
  }

  private List<QuestionItem> read(DataFile file) throws IOException {
    return QuestionItems.read(file, folder);
  }

  private Path file(String json) throws IOException {
    return Files.writeString(folder.resolve("questions.json"), json);
  }

  private Path other(String json) throws IOException {
    return Files.writeString(folder.resolve("other.json"), json);
  }
}
