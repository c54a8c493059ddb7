package io.github.blip2j.cli.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RankCommandTest {
  private static final String SQUARES = Shell.image("b.png");
  private static final String QUESTION = "what color is the star?";

  @TempDir Path folder;

  @Test
  void rank_json_hasTheDocumentedShape() {
    JsonObject document =
        Shell.golden(
                "rank",
                SQUARES,
                "--question",
                QUESTION,
                "--candidate",
                "red",
                "--candidate",
                "yellow",
                "--json")
            .json();

    assertEquals(List.of("model", "results"), List.copyOf(document.keySet()));
    JsonObject result = document.getAsJsonArray("results").get(0).getAsJsonObject();
    assertEquals(List.of("image", "prompt", "candidates"), List.copyOf(result.keySet()));
    assertEquals("Question: " + QUESTION + " Answer:", result.get("prompt").getAsString());
    JsonArray candidates = result.getAsJsonArray("candidates");
    assertEquals(2, candidates.size());
    JsonObject best = candidates.get(0).getAsJsonObject();
    assertEquals(
        List.of("text", "index", "sum", "mean", "token_ids", "log_probabilities"),
        List.copyOf(best.keySet()));
    assertEquals("yellow", best.get("text").getAsString());
    assertEquals(1, best.get("index").getAsInt());
    double sum = 0;
    for (JsonElement log : best.getAsJsonArray("log_probabilities")) {
      sum += log.getAsDouble();
    }
    assertEquals(sum, best.get("sum").getAsDouble(), 1e-9);
    assertEquals(
        sum / best.getAsJsonArray("token_ids").size(), best.get("mean").getAsDouble(), 1e-9);
  }

  @Test
  void rank_candidatesOfFileAndOptions_areRankedTogether() throws IOException {
    Path file = Files.writeString(folder.resolve("candidates.txt"), "yellow\n\n  \nblue\n");

    Shell shell =
        Shell.golden(
            "rank",
            SQUARES,
            "--prompt",
            "Question: what color is the star? Answer:",
            "--candidate",
            "red",
            "--candidates",
            file.toString());

    assertEquals(0, shell.exit(), shell.err());
    List<String> texts = new ArrayList<>();
    double before = Double.POSITIVE_INFINITY;
    for (String line : shell.out().lines().toList()) {
      double sum = Double.parseDouble(line.substring(0, line.indexOf(' ')));
      texts.add(line.substring(line.lastIndexOf(' ') + 1));
      assertTrue(sum <= before, shell::out);
      before = sum;
    }
    assertEquals("yellow", texts.get(0));
    assertEquals(3, texts.size());
  }

  @Test
  void normalise_andPreselect_changeWhatCounts() {
    String[] candidates = {
      "rank",
      SQUARES,
      "--prompt",
      "",
      "--candidate",
      "a yellow",
      "--candidate",
      "a yellow square to the left of a green square",
      "--candidate",
      "red"
    };

    assertEquals(List.of(1, 0, 2), indices(candidates, "--normalise"));
    assertEquals(List.of(1, 0), indices(candidates, "--normalise", "--preselect", "2"));
  }

  @Test
  void rank_severalImages_carriesOnAfterOneThatFails() {
    Shell shell =
        Shell.golden("rank", "nothing.png", SQUARES, "--question", QUESTION, "--candidate=a");

    assertEquals(1, shell.exit());
    assertTrue(shell.out().startsWith(SQUARES + ": -"), shell::out);
    assertEquals(
        "blip2: nothing.png: image expected a JPEG, PNG, GIF, BMP, TIFF or WebP file, got no such file; check"
            + " the path\n",
        shell.err());
  }

  @Test
  void rank_ofWhatCannotBe_exits2() {
    assertUsage(
        "rank: candidates expected at least 1, got 0; give --candidate or --candidates",
        "--question",
        QUESTION);
    assertUsage("rank: one of --question and --prompt expected, got neither", "--candidate", "a");
    assertUsage(
        "rank: one of --question and --prompt expected, got both",
        "--candidate=a",
        "--question=b",
        "--prompt=c");
    assertUsage("rank: question expected text, got a blank", "--candidate=a", "--question= ");
    assertUsage(
        "--preselect expected 1 candidate or more, got 0",
        "--candidate=a",
        "--question=b",
        "--preselect=0");
  }

  @Test
  void rank_candidatesThatAreNoText_areNamed() throws IOException {
    Path file = Files.write(folder.resolve("latin.txt"), new byte[] {'c', 'a', 'f', (byte) 0xE9});

    assertEquals(
        new Shell(1, "", "blip2: " + file + ": text expected UTF-8, got other bytes\n"),
        Shell.golden("rank", SQUARES, "--question=b", "--candidates=" + file));
  }

  @Test
  void rank_blankCandidate_isNamed() {
    assertEquals(
        new Shell(1, "", "blip2: rank: candidates[1] expected text, got a blank\n"),
        Shell.golden("rank", SQUARES, "--question=b", "--candidate=a", "--candidate= "));
  }

  private static void assertUsage(String message, String... args) {
    assertEquals(new Shell(2, "", "blip2: " + message + "\n"), Shell.golden(with(args)));
  }

  private static String[] with(String... args) {
    List<String> all = new ArrayList<>(List.of("rank", SQUARES));
    all.addAll(List.of(args));
    return all.toArray(String[]::new);
  }

  private static List<Integer> indices(String[] args, String... more) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of(more));
    all.add("--json");
    JsonObject document = Shell.golden(all.toArray(String[]::new)).json();
    List<Integer> indices = new ArrayList<>();
    document
        .getAsJsonArray("results")
        .get(0)
        .getAsJsonObject()
        .getAsJsonArray("candidates")
        .forEach(candidate -> indices.add(candidate.getAsJsonObject().get("index").getAsInt()));
    return indices;
  }
}
