package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.cli.console.Console;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

final class OtherCommandsTest {
  private static final String SQUARES = Shell.image("b.png");
  private static final String QUESTION = "what color is the star?";

  @Test
  void vqa_question_isAnswered() {
    Shell shell = Shell.golden("vqa", SQUARES, "--question", QUESTION, "--json");

    JsonObject result = shell.json().getAsJsonArray("results").get(0).getAsJsonObject();
    assertEquals("Question: " + QUESTION + " Answer:", result.get("prompt").getAsString());
    assertEquals(List.of("yellow"), shell.texts());
  }

  @Test
  void vqa_template_takesTheQuestion() {
    Shell shell =
        Shell.golden("vqa", SQUARES, "--question", QUESTION, "--prompt", "Q: {} A:", "--json");

    JsonObject result = shell.json().getAsJsonArray("results").get(0).getAsJsonObject();
    assertEquals("Q: " + QUESTION + " A:", result.get("prompt").getAsString());
  }

  @Test
  void vqa_templateWithoutPlace_exits2() {
    assertEquals(
        new Shell(
            2,
            "",
            "blip2: template: text expected {} once, where the question goes, got 'Answer:'\n"),
        Shell.golden("vqa", SQUARES, "--question", QUESTION, "--prompt", "Answer:"));
  }

  @Test
  void vqa_severalQuestions_areAnsweredInOrder() {
    Shell shell = Shell.golden("vqa", SQUARES, "--question", QUESTION, "--question=why?", "--json");

    JsonArray results = shell.json().getAsJsonArray("results");
    assertEquals(2, results.size());
    assertEquals(
        "Question: why? Answer:", results.get(1).getAsJsonObject().get("prompt").getAsString());
    assertEquals("yellow", shell.texts().get(0));
    Shell alone = Shell.golden("vqa", SQUARES, "--question=why?", "--json");
    assertEquals(alone.texts().get(0), shell.texts().get(1));
    assertEquals(
        shell.texts(),
        Shell.golden("vqa", SQUARES, "--question", QUESTION, "--question=why?", "--stream")
            .out()
            .lines()
            .toList());
  }

  @Test
  void vqa_context_goesBeforeTheQuestion() {
    Shell shell =
        Shell.golden(
            "vqa",
            SQUARES,
            "--question=why?",
            "--context",
            "which city is this?=singapore",
            "--context",
            "is 1=1?=yes",
            "--json");

    JsonObject result = shell.json().getAsJsonArray("results").get(0).getAsJsonObject();
    assertEquals(
        "Question: which city is this? Answer: singapore. Question: is 1=1? Answer: yes. Question:"
            + " why? Answer:",
        result.get("prompt").getAsString());
  }

  @Test
  void vqa_contextWithoutAnswer_exits2() {
    assertEquals(
        new Shell(2, "", "blip2: --context: question=answer expected, got 'why?'\n"),
        Shell.golden("vqa", SQUARES, "--question=a?", "--context=why?"));
    assertEquals(
        new Shell(2, "", "blip2: conversation: answer expected text, got a blank\n"),
        Shell.golden("vqa", SQUARES, "--question=a?", "--context=why?="));
  }

  @Test
  void vqa_blankQuestion_exits2() {
    assertEquals(
        new Shell(2, "", "blip2: answer: question expected text, got a blank\n"),
        Shell.golden("vqa", SQUARES, "--question", " "));
  }

  @Test
  void vqa_withoutQuestion_exits2() {
    assertEquals(
        new Shell(2, "", "blip2: missing required option: '--question=Q'; see blip2 vqa --help\n"),
        Shell.golden("vqa", SQUARES));
  }

  @Test
  void doctor_json_tellsOfEveryPart() {
    JsonObject document = Shell.run("doctor", "--json").json();

    assertEquals(
        List.of(
            "system",
            "java",
            "cpu",
            "memory",
            "nd4j",
            "backends",
            "native_cache",
            "images",
            "healthy"),
        List.copyOf(document.keySet()));
    assertTrue(document.get("healthy").getAsBoolean());
    assertEquals(
        System.getProperty("java.version"),
        document.getAsJsonObject("java").get("version").getAsString());
    assertEquals(
        "none", document.getAsJsonObject("memory").get("javacpp_maxphysicalbytes").getAsString());
  }

  @Test
  void doctor_text_hasALineForEachValue() {
    Shell shell = Shell.run("doctor");

    assertEquals("", shell.err());
    assertTrue(
        shell.out().contains("\nimages\n  read here                  JPEG PNG GIF BMP TIFF WebP\n"),
        shell::out);
  }

  static Stream<String> commands() {
    return Stream.of(
        "",
        "caption ",
        "vqa ",
        "rank ",
        "match ",
        "embed ",
        "evaluate ",
        "evaluate retrieval ",
        "doctor ",
        "bench ",
        "train ",
        "train stage1 ",
        "train stage2 ",
        "convert ",
        "download ");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void help_ofEveryCommand_goesToStandardOutput(String command) {
    Shell shell = Shell.run((command + "--help").split(" "));

    assertEquals(0, shell.exit());
    assertEquals("", shell.err());
    assertTrue(shell.out().startsWith("Usage: blip2 " + command), shell::out);
  }

  /** A line of a description begins at the margin, so each must be a sentence of its own. */
  @ParameterizedTest
  @MethodSource("commands")
  void help_ofEveryCommand_breaksLinesBetweenSentencesOnly(String command) {
    var console =
        new Console(
            new PrintWriter(new StringWriter()),
            new PrintWriter(new StringWriter()),
            InputStream.nullInputStream(),
            false,
            Duration.ofSeconds(1),
            Map.of());
    CommandLine line = Blip2Command.of(console);
    for (String word : command.isEmpty() ? new String[0] : command.strip().split(" ")) {
      line = Objects.requireNonNull(line.getSubcommands().get(word));
    }
    CommandSpec spec = line.getCommandSpec();
    List<String[]> descriptions = new ArrayList<>();
    descriptions.add(spec.usageMessage().description());
    spec.args().forEach(arg -> descriptions.add(arg.description()));
    for (String[] description : descriptions) {
      for (String sentence : description) {
        assertTrue(sentence.endsWith("."), sentence);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("commands")
  void version_ofEveryCommand_isOneLine(String command) {
    Shell shell = Shell.run((command + "--version").split(" "));

    assertEquals(new Shell(0, "blip2 from classes\n", ""), shell);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "caption", "train", "train stage1", "evaluate retrieval"})
  void help_ofACommand_isItsHelp(String command) {
    Shell shell = Shell.run(("help " + command).strip().split(" "));

    assertEquals(Shell.run((command + " --help").strip().split(" ")), shell);
    assertTrue(shell.out().startsWith(("Usage: blip2 " + command).strip()), shell.out());
  }
}
