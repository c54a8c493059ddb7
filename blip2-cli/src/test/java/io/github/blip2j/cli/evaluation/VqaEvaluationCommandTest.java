package io.github.blip2j.cli.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VqaEvaluationCommandTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-evaluation", "src", "test", "resources", "golden", "metrics");

  @TempDir private Path folder;

  @BeforeEach
  void copy() throws IOException {
    Files.copy(Path.of(Shell.image("a.png")), folder.resolve("a.png"));
    Files.copy(Path.of(Shell.image("b.png")), folder.resolve("b.png"));
  }

  /** As files of VQAv2 the golden answers have LAVIS's accuracy. */
  @Test
  void vqa_goldenResults_haveTheGoldenAccuracy() throws IOException {
    JsonObject golden =
        JsonParser.parseString(Files.readString(GOLDEN.resolve("expected.json")))
            .getAsJsonObject()
            .getAsJsonObject("vqa");
    var questions = new JsonArray();
    var annotations = new JsonArray();
    var results = new JsonArray();
    for (JsonElement each : golden.getAsJsonArray("questions")) {
      JsonObject item = each.getAsJsonObject();
      questions.add(
          JsonParser.parseString(
              "{\"image_id\": 1, \"question\": \"?\", \"question_id\": "
                  + item.get("question_id")
                  + "}"));
      var annotation = new JsonObject();
      annotation.add("question_id", item.get("question_id"));
      annotation.addProperty("question_type", "what");
      annotation.addProperty("answer_type", "other");
      var answers = new JsonArray();
      for (JsonElement text : item.getAsJsonArray("answers")) {
        var answer = new JsonObject();
        answer.add("answer", text);
        answer.addProperty("answer_confidence", "yes");
        answer.addProperty("answer_id", answers.size() + 1);
        answers.add(answer);
      }
      annotation.add("answers", answers);
      annotations.add(annotation);
      var result = new JsonObject();
      result.add("question_id", item.get("question_id"));
      result.add("answer", item.get("result"));
      results.add(result);
    }

    JsonObject document =
        Shell.run(
                "evaluate",
                "vqa",
                write(
                    "q.json", "{\"questions\": " + questions + ", \"data_subtype\": \"val2014\"}"),
                "--annotations",
                write("a.json", "{\"annotations\": " + annotations + "}"),
                "--results",
                write("r.json", results.toString()),
                "--json")
            .json();

    double overall = golden.get("overall").getAsDouble();
    assertEquals("vqa", document.get("benchmark").getAsString());
    assertEquals(overall, document.getAsJsonObject("scores").get("overall").getAsDouble(), 1e-9);
    assertEquals(
        overall, document.getAsJsonObject("perAnswerType").get("other").getAsDouble(), 1e-9);
  }

  @Test
  void vqa_runsTheModel() throws IOException {
    String question = "what colour is the circle?";
    String expected =
        Shell.golden("vqa", folder.resolve("a.png").toString(), "--question", question)
            .out()
            .strip();
    String data =
        write(
            "q.jsonl",
            "{\"image\": \"a.png\", \"question_id\": 1, \"question\": \""
                + question
                + "\", \"answer\": \""
                + expected
                + "\"}\n"
                + "{\"image\": \"b.png\", \"question_id\": 2, \"question\": \"who?\", \"answer\":"
                + " \"nobody at all\"}\n");
    Path out = folder.resolve("results.json");

    Shell shell = Shell.golden("evaluate", "vqa", data, "--out", out.toString());

    assertEquals(new Shell(0, "2 questions: 50.00\n", ""), shell);
    // One answer to each question: GQA's rules and its server's file.
    JsonObject first =
        JsonParser.parseString(Files.readString(out)).getAsJsonArray().get(0).getAsJsonObject();
    assertEquals("1", first.get("questionId").getAsString());
    assertEquals(expected, first.get("prediction").getAsString());
    assertEquals(shell, Shell.golden("evaluate", "vqa", data, "--out", out.toString()));
  }

  @Test
  void aokvqa_ranksTheChoices() throws IOException {
    String ranked =
        Shell.golden(
                "rank",
                folder.resolve("a.png").toString(),
                "--question",
                "what?",
                "--candidate",
                "a red circle",
                "--candidate",
                "a green star",
                "--json")
            .json()
            .toString();
    assertTrue(ranked.indexOf("a red circle") < ranked.indexOf("a green star"), ranked);
    String data =
        write(
            "q.json",
            "[{\"image\": \"a.png\", \"image_id\": 1, \"question_id\": \"x1\", \"question\":"
                + " \"what?\", \"choices\": [\"a green star\", \"a red circle\"],"
                + " \"correct_choice_idx\": 1, \"direct_answers\": [\"circle\", \"circle\","
                + " \"circle\"]}]");
    Path out = folder.resolve("predictions.json");

    JsonObject document =
        Shell.golden("evaluate", "vqa", data, "--out", out.toString(), "--json").json();

    assertEquals("aokvqa", document.get("benchmark").getAsString());
    assertEquals(100, document.getAsJsonObject("scores").get("multiple_choice").getAsDouble());
    JsonObject answer =
        JsonParser.parseString(Files.readString(out)).getAsJsonObject().getAsJsonObject("x1");
    assertEquals("a red circle", answer.get("multiple_choice").getAsString());
    assertTrue(answer.has("direct_answer"), answer.toString());
  }

  @Test
  void vqa_lemmatize_reducesWords() throws IOException {
    String data =
        write(
            "q.jsonl",
            "{\"image\": \"a.png\", \"question_id\": 1, \"question\": \"?\", \"answer\":"
                + " \"dog\"}\n");
    String results = write("r.json", "[{\"question_id\": 1, \"answer\": \"dogs\"}]");
    String[] command = {"evaluate", "vqa", data, "--results", results};

    assertEquals("1 questions: 0.00\n", Shell.run(command).out());
    assertEquals(
        "1 questions: 100.00\n",
        Shell.run("evaluate", "vqa", data, "--results", results, "--lemmatize").out());
  }

  @Test
  void vqa_questionsWithoutAnswers_fail() throws IOException {
    String data =
        write("q.jsonl", "{\"image\": \"a.png\", \"question_id\": 1, \"question\": \"?\"}\n");

    assertEquals(
        new Shell(
            1,
            "",
            "blip2: "
                + data
                + ": answers of people expected to every question, got none to 1; name a file with"
                + " --annotations, or use blip2 vqa --data\n"),
        Shell.golden("evaluate", "vqa", data));
  }

  @Test
  void data_writesResultsOfVqav2() throws IOException {
    String data =
        write(
            "q.json",
            "{\"data_subtype\": \"x\", \"questions\": [{\"image_id\": 5, \"question_id\": 50,"
                + " \"question\": \"what is it?\"}]}");
    Files.move(folder.resolve("a.png"), folder.resolve("0005.png"));
    Path out = folder.resolve("vqa_result.json");

    Shell shell =
        Shell.golden("vqa", "--data", data, "--image-names", "{4}.png", "--out", out.toString());

    assertEquals(new Shell(0, out + ": 1 answers, 0 of them of an earlier run\n", ""), shell);
    JsonObject only =
        JsonParser.parseString(Files.readString(out)).getAsJsonArray().get(0).getAsJsonObject();
    assertEquals(List.of("question_id", "answer"), List.copyOf(only.keySet()));
    assertEquals(50, only.get("question_id").getAsInt());
  }

  @Test
  void data_wrongUsage_exits2() throws IOException {
    String data = write("q.json", "[]");

    usage("--out: a result file expected, got none", "--data", data);
    usage(
        "--data: a file expected with options of data sets, got none; see blip2 vqa --help",
        "x.png",
        "--question",
        "why?",
        "--lemmatize");
    usage(
        "--image-names: image names: {} or {12} expected once, got 'x'",
        "--data",
        data,
        "--out",
        "x.json",
        "--image-names",
        "x");
  }

  private static void usage(String message, String... args) {
    String[] command = new String[args.length + 1];
    command[0] = "vqa";
    System.arraycopy(args, 0, command, 1, args.length);
    assertEquals(new Shell(2, "", "blip2: " + message + "\n"), Shell.run(command));
  }

  private String write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text).toString();
  }
}
