package io.github.blip2j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Questions and answers in the shapes that data sets are published in. */
final class QuestionFileTest extends WrittenFiles {
  private static final String QUESTIONS =
      """
      {"info": {}, "task_type": "Open-Ended", "data_type": "mscoco", "license": {},
       "data_subtype": "%s", "questions": [
         {"image_id": 42, "question": "What is on the bench?", "question_id": 42000},
         {"image_id": 73, "question": "Is it night?", "question_id": 73000}]}
      """;
  private static final String ANNOTATIONS =
      """
      {"annotations": [
         {"question_id": 73000, "image_id": 73, "answer_type": "yes/no",
          "multiple_choice_answer": "no", "answers": [
            {"answer": "no", "answer_confidence": "yes", "answer_id": 1},
            {"answer": "yes", "answer_confidence": "maybe", "answer_id": 2},
            {"answer": "no", "answer_confidence": "yes", "answer_id": 3},
            {"answer": "no", "answer_confidence": "yes", "answer_id": 4}]},
         {"question_id": 42000, "image_id": 42, "answers": [
            {"raw_answer": "cats", "answer": "cat", "answer_id": 1}]}],
       "data_type": "mscoco"}
      """;

  QuestionFileTest(@TempDir Path folder) {
    super(folder);
  }

  @Test
  void vqa_questionsAndAnnotations_areJoined() throws IOException {
    Path questions =
        write("questions.json", String.format(java.util.Locale.ROOT, QUESTIONS, "train2014"));
    Path annotations = write("annotations.json", ANNOTATIONS);

    List<DataRecord> records = DataFile.of(questions).withAnnotations(annotations).read();

    DataRecord first = records.get(0);
    assertEquals(
        new ImageReference(
            List.of("train2014/COCO_train2014_000000000042.jpg", "COCO_train2014_000000000042.jpg"),
            "42",
            null,
            null),
        first.image());
    assertEquals(List.of(), first.captions());
    assertEquals(
        new Question(
            "42000",
            "What is on the bench?",
            List.of(new Answer("cat", 1, new Answer.Person("1", null))),
            List.of(),
            null),
        first.question());
    assertNull(first.dialogue());
    Question second = Objects.requireNonNull(records.get(1).question());
    assertEquals(List.of("no", "yes", "no", "no"), second.answerTexts());
    assertEquals(Map.of("no", 0.75, "yes", 0.25), second.weightedAnswers());
  }

  @Test
  void vqa_testQuestions_haveNoAnswersAndLieWithTheOtherImages() throws IOException {
    DataRecord first =
        read("questions.json", String.format(java.util.Locale.ROOT, QUESTIONS, "test-dev2015"))
            .get(0);

    assertEquals("test2015/COCO_test2015_000000000042.jpg", first.image().path());
    assertEquals(List.of(), Objects.requireNonNull(first.question()).answers());
  }

  @Test
  void vqa_filesThatDoNotBelongTogether_areNamed() throws IOException {
    Path questions =
        write("questions.json", String.format(java.util.Locale.ROOT, QUESTIONS, "train2014"));
    DataFile lacking =
        DataFile.of(questions)
            .withAnnotations(write("lacking.json", ANNOTATIONS.replace("42000", "43000")));
    DataFile other =
        DataFile.of(questions)
            .withAnnotations(
                write("other.json", ANNOTATIONS.replace("\"image_id\": 42", "\"image_id\": 43")));
    String more =
        ANNOTATIONS.replace("s\": [\n   {\"q", "s\": [{\"question_id\": 9, \"answers\": []}, {\"q");
    DataFile spare = DataFile.of(questions).withAnnotations(write("spare.json", more));
    DataFile same = DataFile.of(questions).withAnnotations(questions);

    assertRefused(
        lacking,
        "question 1: answers to question 42000 expected in "
            + folder.resolve("lacking.json")
            + ", got none; name the annotations of the same questions");
    assertRefused(
        other,
        "question 1: image of question 42000 expected 43 as in "
            + folder.resolve("other.json")
            + ", got 42; name the annotations of the same questions");
    assertEquals(
        folder.resolve("spare.json")
            + ": questions expected in "
            + questions
            + " for all annotations, got none for 1, such as 9; name the questions of the same"
            + " annotations",
        assertThrows(DataException.class, spare::read).getMessage());
    assertRefused(
        same,
        "question 1: answers to question 42000 expected in "
            + questions
            + ", got none; name the annotations of the same questions");
  }

  @Test
  void vqa_annotationsAlone_sayWhatIsMissing() throws IOException {
    Path file = write("annotations.json", ANNOTATIONS);

    assertRefused(
        file,
        "annotation 1: key expected caption, got question_id, image_id, answer_type,"
            + " multiple_choice_answer, answers; name the questions, and these annotations behind"
            + " them: QUESTIONS+ANNOTATIONS");
  }

  @Test
  void lavis_vqa_weighsAnswersByTheirNumberAndThoseOfGenomeLess() throws IOException {
    List<DataRecord> records =
        read(
            "vqa_train.json",
            """
            [{"question_id": 7, "question": "What?", "answer": ["net", "net", "bag"],
              "image": "val2014/COCO_val2014_000000000001.jpg", "dataset": "vqa"},
             {"image": "VG_100K/2.jpg", "dataset": "vg", "question": "Where?", "answer": "here"}]
            """);

    assertEquals(
        Map.of("net", 2.0 / 3, "bag", 1.0 / 3),
        Objects.requireNonNull(records.get(0).question()).weightedAnswers());
    assertEquals(
        List.of(new Answer("here", 0.2)),
        Objects.requireNonNull(records.get(1).question()).answers());
  }

  @Test
  void aokvqa_choicesAndDirectAnswers_areRead() throws IOException {
    DataRecord record =
        read(
                "aokvqa_v1p0_val.json",
                """
                [{"split": "val", "image_id": 22, "question_id": "22Me", "question": "Why?",
                  "choices": ["rain", "sun", "wind", "snow"], "correct_choice_idx": 2,
                  "direct_answers": ["wind", "breeze"], "difficult_direct_answer": false,
                  "rationales": ["It blows."]}]
                """)
            .get(0);

    assertEquals(
        new Question(
            "22Me",
            "Why?",
            List.of(new Answer("wind", 0.5), new Answer("breeze", 0.5)),
            List.of("rain", "sun", "wind", "snow"),
            2),
        record.question());
    assertEquals(List.of("val2017/000000000022.jpg", "000000000022.jpg"), record.image().paths());
  }

  @Test
  void gqa_objectOfRecords_hasIdsAsKeys() throws IOException {
    List<DataRecord> records =
        read(
            "val_balanced_questions.json",
            """
            {"05515938": {"semantic": [{"operation": "select"}], "question": "Is it red?",
               "imageId": "2405722", "answer": "no", "fullAnswer": "No, it is blue.",
               "groups": {"global": null}},
             "07": {"question": "Who?", "imageId": "n16"}}
            """);

    assertEquals(
        new Question("05515938", "Is it red?", List.of(new Answer("no", 1)), List.of(), null),
        records.get(0).question());
    assertEquals("2405722.jpg", records.get(0).image().path());
    assertEquals(List.of(), Objects.requireNonNull(records.get(1).question()).answers());
  }

  @Test
  void genome_regionsAndQuestions_areRecordsOfTheirOwn() throws IOException {
    List<DataRecord> regions =
        read(
            "region_descriptions.json",
            """
            [{"regions": [
                {"region_id": 1, "width": 82, "image_id": 1, "phrase": "the clock is green"},
                {"region_id": 2, "width": 1, "image_id": 1, "phrase": "a bench"}], "id": 1}]
            """);
    List<DataRecord> questions =
        read(
            "question_answers.json",
            """
            [{"id": 1, "qas": [{"a_objects": [], "question": "What colour?", "image_id": 1,
                                "qa_id": 98, "answer": "Green.", "q_objects": []}]}]
            """);

    assertEquals(List.of("a bench"), regions.get(1).captions());
    assertEquals(
        List.of("1.jpg", "VG_100K/1.jpg", "VG_100K_2/1.jpg"), regions.get(1).image().paths());
    assertEquals(
        new Question("98", "What colour?", List.of(new Answer("Green.", 0.2)), List.of(), null),
        questions.get(0).question());
  }

  @Test
  void readQuestions_needAnIdAndMayBeSomeOfTheAnnotated() throws IOException {
    Path some =
        write(
            "some.json",
            "{\"data_subtype\": \"val2014\", \"questions\": [{\"image_id\": 73, \"question_id\": 73000,"
                + " \"question\": \"Is it night?\"}]}");
    Path list = write("list.json", "[{\"question_id\": 73000, \"answer\": 2}]");

    Question joined =
        Objects.requireNonNull(
            DataFile.of(some)
                .withAnnotations(write("annotations.json", ANNOTATIONS))
                .readQuestions()
                .get(0)
                .question());
    Question number =
        Objects.requireNonNull(
            DataFile.of(some).withAnnotations(list).readQuestions().get(0).question());
    DataFile named = DataFile.of(some).withImageNames(new ImageNames("x_{4}.png"));

    assertEquals(List.of("no", "yes", "no", "no"), joined.answerTexts());
    assertEquals(new Answer("yes", 0.25, new Answer.Person("2", "maybe")), joined.answers().get(1));
    assertEquals(List.of("2"), number.answerTexts());
    assertEquals("x_0073.png", named.readQuestions().get(0).image().path());
    assertRefused(
        DataFile.of(write("none.json", "[{\"image\": \"a\", \"question\": \"?\"}]")),
        DataFile::readQuestions,
        "record 1: key expected question_id or questionId, got image, question");
    assertRefused(
        DataFile.of(write("caption.json", "[{\"image\": \"a\", \"caption\": \"?\"}]")),
        DataFile::readQuestions,
        "record 1: key expected question or text_input, got image, caption");
  }
}
