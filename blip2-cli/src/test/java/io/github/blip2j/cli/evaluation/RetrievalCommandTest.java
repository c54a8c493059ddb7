package io.github.blip2j.cli.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * With one candidate each the order is that of the golden cosines: image a is most alike to the
 * dog, b to the star and c to the circle, and the same the other way round.
 */
final class RetrievalCommandTest {
  private static final Path MODEL = Path.of("../blip2-llm/src/test/resources/golden/hf-itm");
  private static final String CIRCLE = "a red circle above a blue square";
  private static final String DOG = "A photo of a dog sleeping on the couch.";
  private static final String STAR = "a green star";

  private final Path folder;

  RetrievalCommandTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void retrieval_allInPlace_findsAll() throws IOException {
    Path file = captions(line("a.png", DOG), line("b.png", STAR), line("c.png", CIRCLE));

    assertEquals(
        new Shell(
            0,
            """
            texts of images: recall at 1 100.00, at 5 100.00, at 10 100.00, mean 100.00
            images of texts: recall at 1 100.00, at 5 100.00, at 10 100.00, mean 100.00
            mean: 100.00
            """,
            ""),
        retrieval(file));
  }

  @Test
  void retrieval_json_hasTheDocumentedShape() throws IOException {
    Path file = captions(line("a.png", CIRCLE), line("b.png", STAR), line("c.png", DOG));

    JsonObject document = retrieval(file, "--json").json();

    assertEquals(
        List.of(
            "task",
            "model",
            "data",
            "images",
            "texts",
            "k",
            "scores",
            "results",
            "earlier",
            "timing_ms"),
        List.copyOf(document.keySet()));
    assertEquals(3, document.get("images").getAsInt());
    assertEquals(3, document.get("texts").getAsInt());
    assertEquals(1, document.get("k").getAsInt());
    JsonObject scores = document.getAsJsonObject("scores");
    for (String side : List.of("txt", "img")) {
      assertEquals(100.0 / 3, scores.get(side + "_r1").getAsDouble(), 1e-9);
      assertEquals(100.0, scores.get(side + "_r5").getAsDouble());
      assertEquals(100.0, scores.get(side + "_r10").getAsDouble());
      assertEquals(700.0 / 9, scores.get(side + "_r_mean").getAsDouble(), 1e-9);
    }
    assertEquals(700.0 / 9, scores.get("r_mean").getAsDouble(), 1e-9);
    assertEquals(
        List.of("load", "index", "rank", "total"),
        List.copyOf(document.getAsJsonObject("timing_ms").keySet()));
  }

  @Test
  void retrieval_out_hasTheBestAndIsOfOneRun() throws IOException {
    Path file = captions(line("a.png", DOG), line("b.png", STAR), line("c.png", CIRCLE));
    Path out = folder.resolve("out.json");
    Shell first = retrieval(file, "--out", out.toString());

    JsonObject results = JsonParser.parseString(Files.readString(out)).getAsJsonObject();
    assertEquals(
        "{\"image\":\"b.png\",\"texts\":[\"a green star\"]}",
        results.getAsJsonArray("texts_of_images").get(1).toString());
    assertEquals(
        "{\"text\":\"a red circle above a blue square\",\"image\":\"c.png\",\"images\":[\"c.png\"]}",
        results.getAsJsonArray("images_of_texts").get(2).toString());
    assertEquals(first, retrieval(file, "--out", out.toString()));
    String journal = out + ".journal: results of a run with the same settings expected, got those";
    assertTrue(
        retrieval(file, "--out", out.toString(), "--k", "2")
            .err()
            .startsWith("blip2: " + journal + " with k \"1\" instead of \"2\""));
    captions(line("a.png", DOG), line("b.png", STAR), line("c.png", "another"));
    assertTrue(
        retrieval(file, "--out", out.toString())
            .err()
            .startsWith("blip2: " + journal + " with data"));
    assertEquals(0, retrieval(file, "--out", out.toString(), "--overwrite").exit());
  }

  @Test
  void retrieval_anotherSecondImageOfTheSameName_isRefused() throws IOException {
    Path images = Files.createDirectory(folder.resolve("images"));
    for (String name : List.of("a.png", "b.png")) {
      Files.copy(MODEL.resolve("images").resolve(name), images.resolve(name));
    }
    Path file = captions(line("a.png", DOG), line("b.png", STAR));
    String[] more = {"--images", images.toString(), "--out", folder.resolve("out.json").toString()};
    assertEquals(0, retrieval(file, more).exit());
    byte[] second = Files.readAllBytes(images.resolve("b.png"));
    Files.write(images.resolve("b.png"), Arrays.copyOf(second, second.length + 1));

    Shell shell = retrieval(file, more);

    assertEquals(1, shell.exit());
    assertTrue(shell.err().contains("got those with image_sizes \""), shell.err());
  }

  @Test
  void retrieval_limit_takesTheFirstImages() throws IOException {
    Path file = captions(line("a.png", DOG), line("b.png", STAR), line("a.png", CIRCLE));

    JsonObject document = retrieval(file, "--limit", "1", "--json").json();

    assertEquals(1, document.get("images").getAsInt());
    assertEquals(2, document.get("texts").getAsInt());
  }

  @Test
  void retrieval_recordsOfOneImage_areOneImage() throws IOException {
    Path file =
        captions(
            line("a.png", STAR),
            String.format(Locale.ROOT, "{\"image\": \"a.png\", \"caption\": [\"%s\"]}", DOG));

    JsonObject document = retrieval(file, "--json").json();

    assertEquals(1, document.get("images").getAsInt());
    assertEquals(2, document.get("texts").getAsInt());
    JsonObject scores = document.getAsJsonObject("scores");
    assertEquals(100.0, scores.get("txt_r1").getAsDouble()); // the better of the two counts
    assertEquals(100.0, scores.get("img_r1").getAsDouble());
  }

  @Test
  void retrieval_imagesNotThere_fails() throws IOException {
    Path file = captions(line("a.png", DOG), line("x.png", STAR), line("y.png", STAR));

    assertEquals(
        new Shell(
            1,
            "",
            String.format(
                Locale.ROOT,
                "blip2: %s: 3 images expected, got none of 2 (x.png, y.png); check the folder\n",
                MODEL.resolve("images"))),
        retrieval(file));
  }

  @Test
  void retrieval_withoutFolder_looksBesideTheFile() throws IOException {
    Path file = captions(line("a.png", DOG));

    Shell shell = Shell.run("evaluate", "retrieval", file.toString(), "--model", MODEL.toString());

    assertEquals(1, shell.exit());
    assertTrue(shell.err().startsWith("blip2: " + folder + ": 1 images expected"), shell.err());
  }

  @Test
  void retrieval_noCandidates_ranksBySimilarityAlone() throws IOException {
    List<String> names = List.of(DOG, STAR, CIRCLE);
    Path file = captions(line("a.png", DOG), line("b.png", STAR), line("c.png", CIRCLE));
    Path out = folder.resolve("out.json");

    assertEquals(0, retrieval(file, "--k", "0", "--out", out.toString()).exit());

    JsonArray found =
        JsonParser.parseString(Files.readString(out))
            .getAsJsonObject()
            .getAsJsonArray("texts_of_images");
    try (ImageTextMatcher matcher = ImageTextMatcher.load(MODEL)) {
      for (JsonElement image : found) {
        String picture = image.getAsJsonObject().get("image").getAsString();
        float[][] queries = matcher.embed(matcher.read(MODEL.resolve("images").resolve(picture)));
        List<String> expected =
            names.stream()
                .sorted(Comparator.comparingDouble(name -> -largest(queries, matcher.embed(name))))
                .toList();
        List<String> actual =
            image.getAsJsonObject().getAsJsonArray("texts").asList().stream()
                .map(JsonElement::getAsString)
                .toList();
        assertEquals(expected, actual);
      }
    }
  }

  private static double largest(float[][] queries, float[] text) {
    return Stream.of(queries)
        .mapToDouble(
            query -> IntStream.range(0, text.length).mapToDouble(i -> query[i] * text[i]).sum())
        .max()
        .orElseThrow();
  }

  @Test
  void retrieval_negativeCandidates_exits2() throws IOException {
    assertEquals(
        new Shell(2, "", "blip2: --k: number expected at least 0, got -1\n"),
        retrieval(captions(line("a.png", DOG)), "--k", "-1"));
  }

  @Test
  void evaluate_withoutTask_exits2() {
    assertEquals(
        new Shell(
            2,
            "",
            "blip2: missing required task: caption, vqa, retrieval or classify; see blip2 evaluate"
                + " --help\n"),
        Shell.run("evaluate"));
  }

  private Shell retrieval(Path file, String... more) {
    String[] args = {"evaluate", "retrieval", file.toString(), "--model", MODEL.toString()};
    List<String> given = List.of(more);
    List<String> k = given.contains("--k") ? List.of() : List.of("--k", "1");
    List<String> images =
        given.contains("--images")
            ? List.of()
            : List.of("--images", MODEL.resolve("images").toString());
    return Shell.run(
        Stream.of(List.of(args), images, k, given).flatMap(List::stream).toArray(String[]::new));
  }

  private Path captions(String... lines) throws IOException {
    return Files.write(folder.resolve("captions.jsonl"), List.of(lines));
  }

  private static String line(String image, String caption) {
    return String.format(Locale.ROOT, "{\"image\": \"%s\", \"caption\": \"%s\"}", image, caption);
  }
}
