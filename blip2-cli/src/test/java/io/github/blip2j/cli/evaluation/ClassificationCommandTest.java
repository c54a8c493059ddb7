package io.github.blip2j.cli.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With one prompt for each class, the order of classes is that of blip2 match. */
final class ClassificationCommandTest {
  private static final Path MODEL = Path.of("../blip2-llm/src/test/resources/golden/hf-itm");
  private static final List<String> CLASSES =
      List.of("a green star", "a red circle", "a dog on a couch", "two cats", "a bus", "snow");

  private final Path folder;

  ClassificationCommandTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void classify_onePrompt_ordersAsMatch() throws IOException {
    Path labels =
        write(
            "labels.jsonl",
            "{\"image\": \"a.png\", \"label\": 0}\n{\"image\": \"b.png\", \"label\": 1}\n");
    Path out = folder.resolve("best.json");

    JsonObject document =
        classify(labels, "--templates", write("t.txt", "{}\n").toString(), "--out", out.toString());

    int right = 0;
    int places = 0;
    var results = JsonParser.parseString(Files.readString(out)).getAsJsonArray();
    for (int i = 0; i < 2; i++) {
      List<String> expected = byMatch(List.of("a.png", "b.png").get(i));
      List<String> got = new ArrayList<>();
      results
          .get(i)
          .getAsJsonObject()
          .getAsJsonArray("best")
          .forEach(each -> got.add(each.getAsString()));
      assertEquals(expected.subList(0, 5), got);
      right += expected.indexOf(CLASSES.get(i)) == 0 ? 1 : 0;
      places += expected.indexOf(CLASSES.get(i)) < 5 ? 1 : 0;
    }
    JsonObject scores = document.getAsJsonObject("scores");
    assertEquals(50.0 * right, scores.get("top1").getAsDouble());
    assertEquals(50.0 * places, scores.get("top5").getAsDouble());
    assertEquals(6, document.get("classes").getAsInt());
    assertEquals(1, document.get("templates").getAsInt());
  }

  @Test
  void classify_folderWithPromptsOfClip_isResumed() throws IOException {
    Path images = Files.createDirectories(folder.resolve("images/a bus"));
    Files.copy(MODEL.resolve("images/a.png"), images.resolve("a.png"));
    Files.copy(MODEL.resolve("images/b.png"), images.resolve("b.png"));
    String out = folder.resolve("best.json").toString();

    JsonObject half = classify(folder.resolve("images"), "--out", out, "--limit", "1");
    JsonObject all = classify(folder.resolve("images"), "--out", out);

    assertEquals(80, half.get("templates").getAsInt());
    assertEquals(0, half.get("earlier").getAsInt());
    assertEquals(1, all.get("earlier").getAsInt());
    assertEquals(2, all.get("images").getAsInt());
  }

  @Test
  void classify_blankClass_fails() throws IOException {
    Path classes = write("blank.txt", "cat\n\ndog\n");
    Path labels = write("labels.jsonl", "{\"image\": \"a.png\", \"label\": 0}\n");

    Shell shell =
        Shell.run(
            "evaluate",
            "classify",
            labels.toString(),
            "--classes",
            classes.toString(),
            "--model",
            MODEL.toString());

    assertEquals(
        new Shell(1, "", "blip2: " + classes + ": line 2: class name expected, got a blank\n"),
        shell);
  }

  private JsonObject classify(Path data, String... more) throws IOException {
    Path classes = Files.write(folder.resolve("classes.txt"), CLASSES);
    List<String> command = new ArrayList<>(List.of("evaluate", "classify", data.toString()));
    command.addAll(List.of("--classes", classes.toString(), "--model", MODEL.toString(), "--json"));
    if (Files.isRegularFile(data)) {
      command.addAll(List.of("--images", MODEL.resolve("images").toString()));
    }
    command.addAll(List.of(more));
    return Shell.run(command.toArray(String[]::new)).json();
  }

  private static List<String> byMatch(String image) {
    List<String> command =
        new ArrayList<>(
            List.of("match", MODEL.resolve("images").resolve(image).toString(), "--json"));
    command.addAll(List.of("--model", MODEL.toString()));
    CLASSES.forEach(name -> command.addAll(List.of("--text", name)));
    List<Double> itc = new ArrayList<>();
    for (JsonElement each :
        Shell.run(command.toArray(String[]::new)).json().getAsJsonArray("results")) {
      itc.add(each.getAsJsonObject().get("itc").getAsDouble());
    }
    assertTrue(itc.stream().distinct().count() == CLASSES.size(), itc.toString());
    return IntStream.range(0, CLASSES.size())
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -itc.get(i)))
        .map(CLASSES::get)
        .toList();
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }
}
