package io.github.blip2j.cli.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bundled model's captions are those of its golden data. */
final class CaptionEvaluationCommandTest {
  private static final String A = "a red circle";
  private static final String B = "a yellow square to the left of a green square";

  @TempDir private Path folder;

  @BeforeEach
  void copy() throws IOException {
    Files.copy(Path.of(Shell.image("a.png")), folder.resolve("a.png"));
    Files.copy(Path.of(Shell.image("b.png")), folder.resolve("b.png"));
  }

  @Test
  void caption_runsTheModelAndScores() throws IOException {
    Path data = data(record("a", 1, "A red circle."), record("b", 2, "a big yellow square"));
    Path out = folder.resolve("results.json");

    JsonObject document =
        Shell.golden("evaluate", "caption", data.toString(), "--out", out.toString(), "--json")
            .json();

    assertEquals(
        "[{\"image_id\":1,\"caption\":\"" + A + "\"},{\"image_id\":2,\"caption\":\"" + B + "\"}]\n",
        Files.readString(out));
    assertEquals(
        List.of(
            "task",
            "model",
            "data",
            "images",
            "scores",
            "domains",
            "left_out",
            "results",
            "earlier",
            "timing_ms"),
        List.copyOf(document.keySet()));
    assertEquals(2, document.get("images").getAsInt());
    assertEquals("[\"METEOR\",\"SPICE\"]", document.get("left_out").toString());
    JsonObject scores = document.getAsJsonObject("scores");
    assertEquals(
        List.of("Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "ROUGE_L", "CIDEr", "agg_metrics"),
        List.copyOf(scores.keySet()));
    // Of 3 + 10 words a, red, circle and a, yellow, square are right.
    assertEquals(6.0 / 13, scores.get("Bleu_1").getAsDouble(), 1e-6);
  }

  @Test
  void caption_again_computesNothing() throws IOException {
    Path data = data(record("a", 1, "A red circle."), record("b", 2, "a big yellow square"));
    String out = folder.resolve("results.json").toString();
    String[] half = {
      "evaluate", "caption", data.toString(), "--out", out, "--json", "--limit", "1"
    };
    String[] all = {"evaluate", "caption", data.toString(), "--out", out, "--json"};

    JsonObject first = Shell.run(half).json();
    JsonObject second = Shell.run(all).json();
    JsonObject third = Shell.run(all).json();

    assertEquals(0, first.get("earlier").getAsInt());
    assertEquals(1, first.get("images").getAsInt());
    assertEquals(1, second.get("earlier").getAsInt());
    assertEquals(2, third.get("earlier").getAsInt());
    assertEquals(second.get("scores"), third.get("scores"));
  }

  @Test
  void caption_otherImagesOfTheSameNames_areRefused() throws IOException {
    Path data = data(record("a", 1, "A red circle."));
    String out = folder.resolve("results.json").toString();
    assertEquals(0, Shell.golden("evaluate", "caption", data.toString(), "--out", out).exit());
    Path others = Files.createDirectory(folder.resolve("others"));
    byte[] image = Files.readAllBytes(folder.resolve("a.png"));
    Files.write(others.resolve("a.png"), Arrays.copyOf(image, image.length + 1));

    Shell shell =
        Shell.golden(
            "evaluate", "caption", data.toString(), "--out", out, "--images", others.toString());

    assertEquals(1, shell.exit());
    assertTrue(shell.err().contains("got those with images \"a.png, "), shell.err());
  }

  @Test
  void caption_otherDecoding_isToldByItsDifferences() throws IOException {
    Path data = data(record("a", 1, "A red circle."));
    String out = folder.resolve("results.json").toString();
    assertEquals(0, Shell.golden("evaluate", "caption", data.toString(), "--out", out).exit());

    Shell shell =
        Shell.golden("evaluate", "caption", data.toString(), "--out", out, "--num-beams", "2");

    assertEquals(
        new Shell(
            1,
            "",
            "blip2: "
                + out
                + ".journal: results of a run with the same settings expected, got those with"
                + " decoding \"--num-beams=1\" instead of \"--num-beams=2\"; name another file, or"
                + " begin anew (--overwrite)\n"),
        shell);
  }

  @Test
  void caption_otherSettings_areRefused() throws IOException {
    Path data = data(record("a", 1, "A red circle."));
    String out = folder.resolve("results.json").toString();
    assertEquals(0, Shell.golden("evaluate", "caption", data.toString(), "--out", out).exit());

    Shell shell =
        Shell.golden("evaluate", "caption", data.toString(), "--out", out, "--prompt", "a");

    assertEquals(1, shell.exit());
    assertEquals(
        "blip2: "
            + out
            + ".journal: results of a run with the same settings expected, got those with prompt"
            + " \"\" instead of \"a\"; name another file, or begin anew (--overwrite)\n",
        shell.err());
    assertEquals(
        0,
        Shell.run(
                "evaluate",
                "caption",
                data.toString(),
                "--out",
                out,
                "--prompt",
                "a",
                "--overwrite")
            .exit());
  }

  @Test
  void caption_results_needNoModel() throws IOException {
    Path data = data(record("x", 1, "a red dog runs"), record("y", 2, "two cats sit here"));
    Path results =
        Files.writeString(
            folder.resolve("r.json"),
            "[{\"image_id\": 2, \"caption\": \"Two cats sit here!\"},"
                + " {\"image_id\": 1, \"caption\": \"a red dog runs\"}]");

    assertEquals(
        new Shell(
            0,
            "2 images: CIDEr 1000.0, BLEU-4 100.0, ROUGE-L 100.0, BLEU-1 100.0, BLEU-2 100.0,"
                + " BLEU-3 100.0\n",
            ""),
        Shell.run("evaluate", "caption", data.toString(), "--results", results.toString()));
  }

  @Test
  void caption_resultsOfAnotherSet_fail() throws IOException {
    Path data = data(record("x", 1, "a red dog"));
    Path results =
        Files.writeString(folder.resolve("r.json"), "[{\"image_id\": 2, \"caption\": \"a\"}]");

    assertEquals(
        new Shell(
            1,
            "",
            "blip2: "
                + data
                + ": images expected for all 1 ids, got none for 1 (2); the results are of another"
                + " set\n"),
        Shell.run("evaluate", "caption", data.toString(), "--results", results.toString()));
  }

  @Test
  void caption_nocaps_hasAScoreForEachDomain() throws IOException {
    Path data =
        Files.writeString(
            folder.resolve("nocaps.json"),
            "{\"images\": [{\"id\": 0, \"file_name\": \"a.png\", \"domain\": \"in-domain\"},"
                + " {\"id\": 1, \"file_name\": \"b.png\", \"domain\": \"out-domain\"}],"
                + " \"annotations\": [{\"image_id\": 0, \"caption\": \"a red circle\"},"
                + " {\"image_id\": 1, \"caption\": \"a blue star\"}]}");
    Path annotations = folder.resolve("gt.json");

    JsonObject document =
        Shell.golden(
                "evaluate",
                "caption",
                data.toString(),
                "--annotations-out",
                annotations.toString(),
                "--json")
            .json();

    JsonObject domains = document.getAsJsonObject("domains");
    assertEquals(List.of("in-domain", "out-domain"), List.copyOf(domains.keySet()));
    assertEquals(1, domains.getAsJsonObject("in-domain").get("Bleu_1").getAsDouble(), 1e-6);
    JsonObject written = JsonParser.parseString(Files.readString(annotations)).getAsJsonObject();
    assertEquals(2, written.getAsJsonArray("annotations").size());
  }

  @Test
  void caption_withoutReferences_fails() throws IOException {
    Path data = Files.writeString(folder.resolve("d.json"), "[{\"image\": \"a.png\"}]");

    Shell shell = Shell.golden("evaluate", "caption", data.toString());

    assertEquals(1, shell.exit());
    assertEquals(
        "blip2: "
            + data
            + ": captions expected of every image, got none of a.png; name a file with"
            + " --references, or use blip2 caption --data\n",
        shell.err());
  }

  @Test
  void caption_imageNotThere_failsBeforeAnyWork() throws IOException {
    Path data = data(record("a", 1, "x"), record("z", 2, "y"));
    Path out = folder.resolve("results.json");

    Shell shell = Shell.golden("evaluate", "caption", data.toString(), "--out", out.toString());

    assertEquals(1, shell.exit());
    assertTrue(shell.err().contains("got none of 1 (z.png)"), shell.err());
    assertFalse(Files.exists(out));
  }

  @Test
  void data_writesResultsOfLavis() throws IOException {
    Path data = data("{\"image\": \"a.png\"}", "{\"image\": \"b.png\", \"image_id\": \"coco_2\"}");
    Path out = folder.resolve("test_epochbest.json");
    String[] command = {"caption", "--data", data.toString(), "--out", out.toString()};

    assertEquals(
        new Shell(0, out + ": 2 captions, 0 of them of an earlier run\n", ""),
        Shell.golden(command));
    assertEquals(
        "[{\"image_id\":\"a.png\",\"caption\":\""
            + A
            + "\"},{\"image_id\":\"coco_2\",\"caption\":\""
            + B
            + "\"}]\n",
        Files.readString(out));
    assertEquals(
        new Shell(0, out + ": 2 captions, 2 of them of an earlier run\n", ""),
        Shell.golden(command));
  }

  @Test
  void data_wrongUsage_exits2() throws IOException {
    String data = data("{\"image\": \"a.png\"}").toString();

    usage(
        "--data: images expected in the file alone, got x.png too; see blip2 caption --help",
        "x.png",
        "--data",
        data);
    usage("--data: --out FILE.json expected too, got none", "--data", data);
    usage("--out: file name expected to end in .json, got x.csv", "--data", data, "--out", "x.csv");
    usage(
        "--limit: number expected at least 1, got 0",
        "--data",
        data,
        "--out",
        "x.json",
        "--limit",
        "0");
    usage("--images and --limit: --data expected too, got none", "x.png", "--limit", "1");
    usage(
        "--data: got --stream or --echo; leave it out",
        "--data",
        data,
        "--out",
        "x.json",
        "--echo");
  }

  private static void usage(String message, String... args) {
    String[] command = new String[args.length + 1];
    command[0] = "caption";
    System.arraycopy(args, 0, command, 1, args.length);
    assertEquals(new Shell(2, "", "blip2: " + message + "\n"), Shell.run(command));
  }

  private Path data(String... lines) throws IOException {
    return Files.write(folder.resolve("data.jsonl"), List.of(lines));
  }

  private static String record(String image, int id, String caption) {
    return "{\"image\": \""
        + image
        + ".png\", \"image_id\": "
        + id
        + ", \"caption\": \""
        + caption
        + "\"}";
  }
}
