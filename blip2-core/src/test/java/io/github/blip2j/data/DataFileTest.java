package io.github.blip2j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files in the shapes that data sets are published in. */
final class DataFileTest {
  private static final String COCO =
      """
      {"info": {"year": 2017, "contributor": "someone"},
       "annotations": [
         {"image_id": 139, "id": 37, "caption": "A lamp beside a chair."},
         {"image_id": 285, "id": 40, "caption": "A bear in the grass."},
         {"image_id": 139, "id": 38, "caption": "A room with a clock. "}],
       "licenses": [{"id": 1, "name": "none"}],
       "images": [
         {"license": 1, "file_name": "000000000139.jpg", "id": 139, "height": 426,
          "coco_url": "http://images.example.org/val2017/000000000139.jpg"},
         {"license": 1, "file_name": "000000000285.jpg", "id": 285, "height": 640}]}
      """;
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

  private final Path folder;

  DataFileTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void coco_captions_findTheirImagesWhichComeLater() throws IOException {
    List<DataRecord> records = read("captions_val2017.json", COCO);

    assertEquals(
        List.of(
            List.of("A lamp beside a chair."),
            List.of("A bear in the grass."),
            List.of("A room with a clock. ")),
        records.stream().map(DataRecord::captions).toList());
    assertEquals(
        new ImageReference(
            List.of("000000000139.jpg", "val2017/000000000139.jpg"), "139", null, null),
        records.get(0).image());
    assertEquals(List.of("000000000285.jpg"), records.get(1).image().paths());
    List<DataRecord> byImage = DataRecord.byImage(records);
    assertEquals(2, byImage.size());
    assertEquals(
        List.of("A lamp beside a chair.", "A room with a clock. "), byImage.get(0).captions());
  }

  @Test
  void coco_captionOfAnotherSet_isNamed() throws IOException {
    Path file = write("captions.json", COCO.replace("\"image_id\": 285", "\"image_id\": 7"));

    assertRefused(
        file,
        "annotation 2: image_id expected one of the file's 2 images, got 7; take captions and images"
            + " of the same set");
  }

  @Test
  void coco_boxes_areNoCaptions() throws IOException {
    Path file =
        write(
            "instances.json",
            "{\"images\": [], \"annotations\": [{\"id\": 1, \"image_id\": 2, \"bbox\": [1, 2, 3, 4]}]}");

    assertRefused(
        file,
        "annotation 1: key expected caption, got id, image_id, bbox; take the set's file of captions");
  }

  @Test
  void nocaps_imagesWithDomains_needNoCaptions() throws IOException {
    List<DataRecord> records =
        read(
            "nocaps_test_image_info.json",
            """
            {"images": [{"id": 0, "open_images_id": "0a1", "file_name": "0a1.jpg",
                         "coco_url": "https://s3.example.org/nocaps/val/0a1.jpg",
                         "domain": "near-domain"}],
             "info": {}, "licenses": []}
            """);

    assertEquals(
        List.of(
            new DataRecord(
                new ImageReference(List.of("0a1.jpg", "val/0a1.jpg"), "0", "near-domain", null),
                List.of())),
        records);
  }

  @Test
  void karpathy_split_isChosen() throws IOException {
    String text =
        """
        {"images": [
           {"filepath": "val2014", "sentids": [1, 2], "filename": "a.jpg", "imgid": 0,
            "split": "test", "cocoid": 391895, "sentences": [
              {"tokens": ["a"], "raw": "A man.", "imgid": 0, "sentid": 1},
              {"tokens": ["a"], "raw": "A bike.", "imgid": 0, "sentid": 2}]},
           {"filepath": "val2014", "filename": "b.jpg", "imgid": 1, "split": "restval",
            "cocoid": 5, "sentences": [{"raw": "A dog.", "sentid": 3}]}],
         "dataset": "coco"}
        """;
    Path file = write("dataset_coco.json", text);

    assertEquals(
        List.of(
            new DataRecord(
                new ImageReference(List.of("val2014/a.jpg", "a.jpg"), "391895", null, "test"),
                List.of("A man.", "A bike."))),
        DataFile.of(file).withSplit("test").read());
    assertEquals("5", DataFile.of(file).withSplit("train").read().get(0).image().id());
    assertEquals(
        file + ": records of split dev expected, got none; choose one of restval, test",
        assertThrows(DataException.class, () -> DataFile.of(file).withSplit("dev").read())
            .getMessage());
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
  void flickr_tokens_keepQuotesAndNeedNoHeader() throws IOException {
    List<DataRecord> records =
        read(
            "results_20130124.token",
            "10.jpg#0\tTwo men , in \"blue\" .\n10.jpg#1\t\"Stop\" says a sign .\n");

    assertEquals(
        List.of(List.of("Two men , in \"blue\" ."), List.of("\"Stop\" says a sign .")),
        records.stream().map(DataRecord::captions).toList());
    assertEquals("10.jpg", records.get(1).image().id());
  }

  @Test
  void tables_ofSeveralDelimiters_areRead() throws IOException {
    String expected = "[10.jpg, [Two men, in blue], 20.jpg, [A \"dog\"]]";

    assertEquals(
        expected,
        shown(
            "a.csv",
            "image,caption\r\n10.jpg,\"Two men, in blue\"\r\n20.jpg,\"A \"\"dog\"\"\"\r\n"));
    assertEquals(
        expected,
        shown("b.TSV", "filepath\ttitle\n10.jpg\tTwo men, in blue\n20.jpg\t\"A \"\"dog\"\"\"\n"));
    assertEquals(
        expected,
        shown(
            "results.csv",
            "image_name| comment_number| comment\n10.jpg| 0| Two men, in blue\n20.jpg| 1| \"A \"\"dog\"\"\"\n"));
    assertEquals(
        "[10.jpg, [One., Two.]]",
        shown(
            "flickr_annotations.csv",
            "raw,sentids,split,filename,img_id\n\"[\"\"One.\"\", \"\"Two.\"\"]\",\"[0, 1]\",test,10.jpg,0\n"));
  }

  @Test
  void tables_ofPandasAndSpreadsheets_areRead() throws IOException {
    String expected = "[10.jpg, [Two men.], 20.jpg, [A dog.]]";

    assertEquals(
        expected, shown("index.csv", ",image,caption\n0,10.jpg,Two men.\n1,20.jpg,A dog.\n"));
    assertEquals(
        expected, shown("open.csv", "image,caption,,\n10.jpg,Two men.,,\n20.jpg,A dog.,,\n"));
    assertEquals(
        expected, shown("semicolons.csv", "image;caption\n10.jpg;Two men.\n20.jpg;A dog.\n"));
  }

  @Test
  void flickr_tableWithADelimiterLess_isReadAsItWasPublished() throws IOException {
    String table =
        """
        image_name| comment_number| comment
        10.jpg| 3| A dog .
        10.jpg| 4   A dog runs across the grass .
        """;

    assertEquals(
        "[10.jpg, [A dog .], 10.jpg, [A dog runs across the grass .]]",
        shown("results.csv", table));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "captions.csv ! image,captions\\n1.jpg,\"['a dog', 'a cat']\"",
        "caption.csv ! image,caption\\n1.jpg,\"['a dog', \"\"a dog's tail\"\"]\"",
        "answers.json ! [{\"image\": \"a\", \"question\": \"?\", \"direct_answers\": \"['two']\"}]",
      })
  void read_listAsPythonPrintsIt_isNotOneText(String file) throws IOException {
    String[] parts = file.split(" ! ", -1);
    Path data = write(parts[0], parts[1].replace("\\n", "\n"));

    String message =
        String.valueOf(
            assertThrows(DataException.class, () -> DataFile.of(data).read()).getMessage());

    assertTrue(
        message.contains("expected one text or a JSON list, got a list as Python prints it"),
        message);
  }

  @ParameterizedTest
  @CsvSource({
    "1F8B0800, a compressed file; gunzip it",
    "504B0304FF, a zip file; unzip it",
    "FFFE5B00, UTF-16; save it as UTF-8",
    "FEFF005B, UTF-16; save it as UTF-8",
    "5BFC5D, other bytes; save it as UTF-8"
  })
  void read_whatIsNotUtf8_isNamed(String bytes, String got) throws IOException {
    Path file = Files.write(write("data.json", ""), HexFormat.of().parseHex(bytes));

    assertRefused(file, "text expected UTF-8, got " + got);
  }

  @Test
  void read_keysThatMeanTheSame_mayBeNullBesideOneThatIsNot() throws IOException {
    assertEquals(
        "[10.jpg, [A dog.]]",
        shown("a.json", "[{\"image\": \"10.jpg\", \"caption\": \"A dog.\", \"text\": null}]"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '`',
      value = {
        "image,caption\\na.jpg ! row 1: cells expected 2, as the header has, got 1; add what is missing,"
            + " a delimiter or a cell",
        "image,caption\\na.jpg,b,c ! row 1: cells expected 2, as the header has, got 3; put cells with"
            + " delimiters into quotes",
        "image,image\\na,b ! rows expected as RFC 4180 has them, got The header contains a duplicate"
            + " name: \"image\" in [image, image]. If this is valid then use"
            + " CSVFormat.Builder.setDuplicateHeaderMode().; write a quote inside quotes twice",
        "caption,url\\na,b ! row 1: keys expected image and caption, or file_name and text, got"
            + " caption, url; write one record for each image, its path as image and its caption as"
            + " caption",
        "image,caption ! records expected at least 1, got none",
      })
  void tables_whatIsNoRow_isNamed(String text, String message) throws IOException {
    assertRefused(write("a.csv", text.replace("\\n", "\n")), message);
  }

  @Test
  void tables_openQuote_isRefused() throws IOException {
    Path file = write("a.csv", "image,caption\na.jpg,\"open\nb.jpg,c\n");

    String message =
        String.valueOf(
            assertThrows(DataException.class, () -> DataFile.of(file).read()).getMessage());

    assertEquals(
        file + ": rows expected as RFC 4180 has them",
        message.substring(0, message.indexOf(", got")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '`',
      value = {
        "[{\"image\": \"a\", \"question\": \"?\", \"question_id\": 1},"
            + "{\"image\": \"b\", \"question\": \"??\", \"question_id\": \"1\"}] ! record 2:"
            + " question_id expected once, got 1 in record 1 too; remove one of them",
        "[{\"image\": \"a\", \"caption\": \"x\", \"image_id\": 1},"
            + "{\"image\": \"b\", \"caption\": \"x\", \"image_id\": 1}] ! record 2: image_id expected"
            + " for one image, got 1 for a and b; give each image its own, or none",
        "[{\"split\": \"val\", \"image_id\": \"x\", \"choices\": [\"a\"], \"question\": \"?\"}] !"
            + " record 1: image_id expected a number, got x",
        "[{\"image\": \"a\", \"question\": \"?\", \"choices\": [\"a\"], \"correct_choice_idx\": 1}] !"
            + " record 1: question: correct choice expected one of 1, got index 1",
        "[{\"image\": \"a\", \"question\": null}] ! record 1: question expected a string, got null",
        "{\"questions\": [{\"image_id\": 1, \"question\": \"?\"}]} ! data_type expected mscoco, and a"
            + " data_subtype, got none and none; write each question as a record with its image",
        "{\"images\": [{\"id\": 1}]} ! image 1: key expected file_name, got id",
        "{\"images\": [{\"id\": 1, ! the object expected JSON, got malformed text near column 22; mend it: double quotes, no"
            + " comma behind the last, null for NaN",
        "{\"1\": {\"question\": \"?\"}, \"2\": 3} ! record 1: keys expected image and caption, or"
            + " file_name and text, got question, question_id; write the image's path as image, and"
            + " the question with its answer",
      })
  void read_whatIsNoRecord_isNamed(String text, String message) throws IOException {
    assertRefused(write("data.json", text), message);
  }

  @Test
  void readImages_haveAllCaptionsInTheOrderOfTheImages() throws IOException {
    String test =
        COCO.replace("{\"image_id\": 285, \"id\": 40, \"caption\": \"A bear in the grass.\"},", "");
    String own =
        """
        {"image": "a.jpg", "id": 7, "caption": null}
        {"image": "b.jpg", "caption": "one"}
        {"image": "b.jpg", "text_output": "two"}
        """;

    assertEquals(
        "[139: A lamp beside a chair., A room with a clock. , 285: ]", images("c.json", test));
    assertEquals("[7: , null: one, two]", images("own.jsonl", own));
    assertEquals(
        "[10.jpg: One., Two., 20.jpg: Three.]",
        images("f.csv", "image,caption\n10.jpg,One.\n20.jpg,Three.\n10.jpg,Two.\n"));
    assertEquals(
        "[5: alone]",
        images("alone.json", "{\"annotations\": [{\"image_id\": 5, \"caption\": \"alone\"}]}"));
  }

  @Test
  void readImages_ofSeveralSplits_asksForOne() throws IOException {
    Path file =
        write(
            "own.json",
            "[{\"image\": \"a\", \"split\": \"x\"}, {\"image\": \"b\", \"split\": \"y\"}]");

    assertEquals(
        file
            + ": records expected of one split, got those of x, y; choose one, as in "
            + file
            + "@y",
        assertThrows(DataException.class, () -> DataFile.of(file).readImages()).getMessage());
    assertEquals(1, DataFile.of(file).withSplit("y").readImages().size());
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

  @Test
  void objects_ofAnyForm_areRead() throws IOException {
    List<String> found = new ArrayList<>();
    for (Path file :
        List.of(
            write("a.json", "[{\"x\": 1}]"),
            write("b.json", "{\"x\": 2}\n"),
            write("c.json", "{\"key\": {\"x\": 3}}"),
            write("d.tsv", "X\ty\n4\t5\n"),
            write("e.json", "{\"info\": {}, \"annotations\": [{\"x\": 6}]}"))) {
      ObjectFile.of(file).forEach("things", (key, each) -> found.add(key + each.text("x")));
    }

    assertEquals(List.of("null1", "null2", "key3", "null4", "null6"), found);
    Path none = write("none.json", "[]");
    assertEquals(
        none + ": things expected at least 1, got none",
        assertThrows(
                DataException.class, () -> ObjectFile.of(none).forEach("things", (key, each) -> {}))
            .getMessage());
  }

  private String images(String name, String text) throws IOException {
    return DataFile.of(write(name, text)).readImages().stream()
        .map(each -> each.image().id() + ": " + String.join(", ", each.captions()))
        .toList()
        .toString();
  }

  @Test
  void forEach_records_areThoseOfRead() throws IOException {
    DataFile file = DataFile.of(write("captions.json", COCO));
    List<DataRecord> records = new ArrayList<>();

    file.forEach(records::add);

    assertEquals(file.read(), records);
  }

  @Test
  void image_derivedPath_isTheOneThatExists() throws IOException {
    Files.createDirectory(folder.resolve("val2017"));
    Files.createFile(folder.resolve("val2017/000000000139.jpg"));
    ImageReference image = read("captions.json", COCO).get(0).image();

    assertEquals(Optional.of("val2017/000000000139.jpg"), image.within(folder));
    assertEquals(Optional.empty(), image.within(folder.resolve("val2017/none")));
  }

  private String shown(String name, String text) throws IOException {
    List<Object> shown = new ArrayList<>();
    for (DataRecord each : read(name, text)) {
      shown.add(each.image().path());
      shown.add(each.captions());
    }
    return shown.toString();
  }

  private void assertRefused(Path file, String message) {
    assertRefused(DataFile.of(file), message);
  }

  private void assertRefused(DataFile file, String message) {
    assertRefused(file, DataFile::read, message);
  }

  /** A way to read a file. */
  @FunctionalInterface
  private interface Reading {
    Object of(DataFile file) throws IOException;
  }

  private static void assertRefused(DataFile file, Reading reading, String message) {
    assertEquals(
        file.path() + ": " + message,
        assertThrows(DataException.class, () -> reading.of(file)).getMessage());
  }

  private List<DataRecord> read(String name, String text) throws IOException {
    return DataFile.of(write(name, text)).read();
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }
}
