package io.github.blip2j.cli.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonParser;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What training reads, evaluation reads too: the same two captions or questions in each format. */
final class DataFormatsTest {
  private static final String ALL_RIGHT =
      "2 images: CIDEr 1000.0, BLEU-4 100.0, ROUGE-L 100.0, BLEU-1 100.0, BLEU-2 100.0, BLEU-3"
          + " 100.0\n";

  private final Path folder;

  DataFormatsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '^',
      value = {
        "list.json ! [{`image`: `x/1.jpg`, `caption`: `a red dog runs fast`},"
            + " {`image`: `2.jpg`, `caption`: [`a blue cat sits still`]}]",
        "lines.jsonl ! {`file_name`: `1.jpg`, `text`: `a red dog runs fast`}\\n"
            + "{`file_name`: `2.jpg`, `text`: `a blue cat sits still`}",
        "nocaps.json ! [{`image`: `val/x.jpg`, `img_id`: 1, `caption`: [`a red dog runs fast`]},"
            + " {`image`: `val/y.jpg`, `img_id`: 2, `caption`: [`a blue cat sits still`]}]",
        "coco.json ! {`info`: {}, `images`: [{`id`: 1, `file_name`: `x.jpg`},"
            + " {`id`: 2, `file_name`: `y.jpg`}], `annotations`: ["
            + "{`id`: 7, `image_id`: 2, `caption`: `a blue cat sits still`},"
            + "{`id`: 8, `image_id`: 1, `caption`: `a red dog runs fast`}]}",
        "dataset_coco.json@test ! {`images`: ["
            + "{`filepath`: `val2014`, `filename`: `x.jpg`, `cocoid`: 1, `split`: `test`,"
            + " `sentences`: [{`raw`: `a red dog runs fast`}]},"
            + "{`filepath`: `val2014`, `filename`: `z.jpg`, `cocoid`: 3, `split`: `train`,"
            + " `sentences`: [{`raw`: `another`}]},"
            + "{`filepath`: `val2014`, `filename`: `y.jpg`, `cocoid`: 2, `split`: `test`,"
            + " `sentences`: [{`raw`: `a blue cat sits still`}]}], `dataset`: `coco`}",
        "genome.json ! [{`id`: 1, `regions`: [{`image_id`: 1, `phrase`: `a red dog runs fast`}]},"
            + " {`id`: 2, `regions`: [{`image_id`: 2, `phrase`: `a blue cat sits still`}]}]",
        "a.csv ! image,caption\\n1.jpg,a red dog runs fast\\n2.jpg,a blue cat sits still",
        "a.tsv ! filepath\ttitle\\n1.jpg\ta red dog runs fast\\n2.jpg\ta blue cat sits still",
        "results.csv ! image_name| comment_number| comment\\n1.jpg| 0| a red dog runs fast\\n"
            + "2.jpg| 0| a blue cat sits still",
        "flickr.token ! 1.jpg#0\ta red dog runs fast\\n2.jpg#0\ta blue cat sits still",
      })
  void captions_ofEveryFormat_areScored(String name, String text) throws IOException {
    String data = write(name, text);
    String results =
        write(
            "results.json",
            "[{`image_id`: 2, `caption`: `a blue cat sits still`},"
                + " {`image_id`: 1, `caption`: `a red dog runs fast`}]");

    assertEquals(
        new Shell(0, ALL_RIGHT, ""), Shell.run("evaluate", "caption", data, "--results", results));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      quoteCharacter = '^',
      value = {
        "lavis.json ! gqa ! [{`image`: `a.jpg`, `question_id`: 1, `question`: `how many?`,"
            + " `answer`: [`2`]}, {`image`: `a.jpg`, `question_id`: 2, `question`: `who?`,"
            + " `answer`: [`nobody`]}]",
        "lines.jsonl ! gqa ! {`image`: `a.jpg`, `question_id`: 1, `question`: `how many?`, `answer`:"
            + " 2}\\n{`image`: `a.jpg`, `id`: 2, `text_input`: `who?`, `text_output`: `nobody`}",
        "gqa.json ! gqa ! {`1`: {`imageId`: `7`, `question`: `how many?`, `answer`: `2`},"
            + " `2`: {`imageId`: `7`, `question`: `who?`, `answer`: `nobody`}}",
        "aokvqa.json ! aokvqa ! [{`split`: `val`, `image_id`: 7, `question_id`: `1`, `question`:"
            + " `how many?`, `choices`: [`1`, `2`], `correct_choice_idx`: 1, `direct_answers`: [`2`,"
            + " `2`, `2`]}, {`split`: `val`, `image_id`: 7, `question_id`: `2`, `question`: `who?`,"
            + " `choices`: [`you`, `nobody`], `direct_answers`: [`nobody`, `nobody`, `nobody`]}]",
        "genome.json ! gqa ! [{`id`: 7, `qas`: [{`image_id`: 7, `qa_id`: 1, `question`: `how many?`,"
            + " `answer`: `2`}, {`image_id`: 7, `qa_id`: 2, `question`: `who?`, `answer`:"
            + " `nobody`}]}]",
        "a.csv ! gqa ! image,question_id,question,answer\\na.jpg,1,how many?,2\\na.jpg,2,who?,nobody",
        "vqa.json+annotations.json ! vqa ! {`data_type`: `mscoco`, `data_subtype`: `val2014`,"
            + " `questions`: [{`image_id`: 7, `question_id`: 1, `question`: `how many?`},"
            + " {`image_id`: 7, `question_id`: 2, `question`: `who?`}]}",
      })
  void questions_ofEveryFormat_areScored(String name, String benchmark, String text)
      throws IOException {
    String people =
        "[{`answer`: `%s`, `answer_id`: 1}, {`answer`: `%s`, `answer_id`: 2},"
            + " {`answer`: `%s`, `answer_id`: 3}, {`answer`: `%s`, `answer_id`: 4}]";
    write(
        "annotations.json",
        "{`annotations`: [{`question_id`: 2, `image_id`: 7, `answers`: "
            + people.replace("%s", "nobody")
            + "}, {`question_id`: 1, `image_id`: 7, `answers`: "
            + people.replace("%s", "2")
            + "}, {`question_id`: 3, `image_id`: 7, `answers`: "
            + people.replace("%s", "more")
            + "}]}");
    String data = write(name, text);
    if (name.contains("+")) {
      data = data + "+" + folder.resolve("annotations.json");
    }
    String results =
        write(
            "results.json",
            "[{`question_id`: 1, `answer`: `2`}, {`question_id`: 2, `answer`: `nobody`}]");

    var document = Shell.run("evaluate", "vqa", data, "--results", results, "--json").json();

    assertEquals(benchmark, document.get("benchmark").getAsString());
    assertEquals(2, document.get("questions").getAsInt());
    assertEquals(100, document.getAsJsonObject("scores").get("overall").getAsDouble());
  }

  @Test
  void dataOfBothCommands_isReadInTables() throws IOException {
    Files.copy(Path.of(Shell.image("a.png")), folder.resolve("a.png"));
    String captions = write("c.csv", "image,caption\\na.png,");
    String questions = write("q.tsv", "image\tquestion_id\tquestion\\na.png\tq1\twhat is it?");
    Path out = folder.resolve("out.json");

    assertEquals(
        new Shell(0, out + ": 1 captions, 0 of them of an earlier run\n", ""),
        Shell.run("caption", "--data", captions, "--out", out.toString()));
    assertEquals("a.png", idOf(out, "image_id"));
    assertEquals(
        new Shell(0, out + ": 1 answers, 0 of them of an earlier run\n", ""),
        Shell.run("vqa", "--data", questions, "--out", out.toString(), "--overwrite"));
    assertEquals("q1", idOf(out, "question_id"));
  }

  private static String idOf(Path results, String key) throws IOException {
    return JsonParser.parseString(Files.readString(results))
        .getAsJsonArray()
        .get(0)
        .getAsJsonObject()
        .get(key)
        .getAsString();
  }

  /** Writes a file, with quotes for backticks; returns its name with the split. */
  private String write(String name, String text) throws IOException {
    int end = name.indexOf('@') < 0 ? name.indexOf('+') : name.indexOf('@');
    String file = end < 0 ? name : name.substring(0, end);
    List<String> lines = List.of(text.replace('`', '"').split("\\\\n", -1));
    Path written = Files.write(folder.resolve(file), lines);
    return written + (name.contains("@") ? name.substring(end) : "");
  }
}
