package io.github.blip2j.cli.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Metrics while training are those that {@code blip2 evaluate} prints for the same weights. */
final class MetricCommandTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden");
  private static final Path OPT = GOLDEN.resolve("hf-opt");
  private static final Path INSTRUCT = GOLDEN.resolve("hf-instructblip");
  private static final Path STAGE_ONE = GOLDEN.resolve("lavis-stage1");

  private final Path folder;

  MetricCommandTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @CsvSource({"stage1, 1e-3", "retrieval, 1e-2"})
  void recall_isThatOfEvaluate(String command, String lr) throws IOException {
    Path images = STAGE_ONE.resolve("images");
    Path held = captionsOf("held.jsonl", 8);

    Shell shell =
        train(
            command,
            STAGE_ONE,
            captionsOf("train.jsonl", 6),
            images,
            "--validate=" + held,
            "--validate-metrics=retrieval",
            "--validate-k=2",
            "--best=R_MEAN",
            "--lr=" + lr,
            "--image-size=40",
            "--export=hf,blip2j");

    assertEquals(0, shell.exit(), shell.err());
    List<JsonObject> validated = validated("val_txt_r1");
    assertEquals(List.of(0L, 2L), steps(validated));
    double best =
        validated.stream()
            .mapToDouble(line -> line.get("val_r_mean").getAsDouble())
            .max()
            .orElse(0);
    assertEquals(best, shell.document().getAsJsonObject("best").get("value").getAsDouble());
    JsonObject chosen =
        validated.stream()
            .filter(line -> line.get("val_r_mean").getAsDouble() == best)
            .findFirst()
            .orElseThrow();
    JsonObject scores =
        scores(
            "retrieval",
            held.toString(),
            "--images=" + images,
            "--k=2",
            "--model=" + folder.resolve("run/hf"));
    for (String name : scores.keySet()) {
      assertEquals(
          scores.get(name).getAsDouble(), chosen.get("val_" + name).getAsDouble(), 1e-9, name);
    }
  }

  @Test
  void captions_areThoseOfEvaluate() throws IOException {
    Path images = OPT.resolve("images");
    List<String> told = captions(OPT, images);
    Path held =
        Files.writeString(
            folder.resolve("held.json"),
            String.format(
                Locale.ROOT,
                "[{\"image\": \"a.png\", \"caption\": [\"a red star\", \"%s\"]},"
                    + " {\"image\": \"b.png\", \"caption\": [\"%s more\"]},"
                    + " {\"image\": \"c.png\", \"caption\": [\"nothing of the kind\"]}]",
                plain(told.get(0)),
                plain(told.get(1))));

    Shell shell =
        train(
            "caption",
            OPT,
            held,
            images,
            "--validate=" + held,
            "--validate-metrics=captions",
            "--validate-num-beams=2",
            "--validate-max-new-tokens=12",
            "--lr=1e-3",
            "--image-size=48",
            "--export=hf");

    assertEquals(0, shell.exit(), shell.err());
    List<JsonObject> validated = validated("val_CIDEr");
    assertEquals(List.of(0L, 2L), steps(validated));
    assertTrue(validated.get(0).get("val_Bleu_1").getAsDouble() > 0.1, validated.toString());
    assertTrue(validated.get(0).has("val_loss"), validated.toString());
    JsonObject scores =
        scores(
            "caption",
            held.toString(),
            "--images=" + images,
            "--prompt=a photo of",
            "--num-beams=2",
            "--max-new-tokens=12",
            "--model=" + folder.resolve("run/hf"));
    for (String name : scores.keySet()) {
      double logged = validated.get(1).get("val_" + name).getAsDouble();
      assertEquals(scores.get(name).getAsDouble(), logged, 1e-9, name);
    }
  }

  @Test
  void answers_areThoseOfEvaluate() throws IOException {
    Path images = INSTRUCT.resolve("images");
    String question = "what is this";
    String template = "Question: {} Answer:";
    String told =
        Shell.run(
                "vqa",
                images.resolve("a.png").toString(),
                "--question=" + question,
                "--template=" + template,
                "--max-new-tokens=5",
                "--model=" + INSTRUCT)
            .out()
            .strip();
    Path held =
        Files.writeString(
            folder.resolve("held.json"),
            String.format(
                Locale.ROOT,
                "[{\"image\": \"a.png\", \"question_id\": 1, \"question\": \"%1$s\", \"answer\": %2$s},"
                    + " {\"image\": \"b.png\", \"question_id\": 2, \"question\": \"%1$s\","
                    + " \"answer\": \"nobody at all\"}]",
                question,
                new JsonPrimitive(told)));

    Shell shell =
        train(
            "vqa",
            INSTRUCT,
            held,
            images,
            "--validate=" + held,
            "--best=VQA_accuracy",
            "--patience=5",
            "--validate-max-new-tokens=5",
            "--image-size=40",
            "--lr=1e-5",
            "--export=hf");

    assertEquals(0, shell.exit(), shell.err());
    List<JsonObject> validated = validated("val_vqa_accuracy");
    assertEquals(List.of(0L, 2L), steps(validated));
    double best = shell.document().getAsJsonObject("best").get("value").getAsDouble();
    assertTrue(best > 0, validated.toString());
    assertEquals(
        best,
        scores(
                "vqa",
                held.toString(),
                "--images=" + images,
                "--template=" + template,
                "--max-new-tokens=5",
                "--model=" + folder.resolve("run/hf"))
            .get("overall")
            .getAsDouble());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "stage1 | --validate-metrics=captions --validate=x | train stage1: metrics expected of"
            + " retrieval, got captions",
        "stage2 | --best=r_mean --validate=x | train stage2: metrics expected of captions or answers,"
            + " got retrieval",
        "stage2 | --validate-metrics=captions | --validate-metrics expected with --validate only, got"
            + " it without; add --validate",
        "stage1 | --validate-limit=0 | --validate-limit expected at least 1, got 0",
        "stage2 | --validate-num-beams=0 | --validate-num-beams expected at least 1, got 0",
      })
  void wrongUsage_exits2(String command, String options, String message) throws IOException {
    Shell shell =
        train(
            command,
            command.equals("stage1") ? STAGE_ONE : OPT,
            captionsOf("train.jsonl", 6),
            STAGE_ONE.resolve("images"),
            options.split(" "));

    assertEquals("blip2: " + message + "\n", shell.err());
    assertEquals(2, shell.exit());
  }

  @Test
  void heldOutWithoutWhatAMetricNeeds_isRefusedBeforeTheRun() throws IOException {
    Path data = captionsOf("train.jsonl", 6);
    Path images = STAGE_ONE.resolve("images");

    Shell two =
        train(
            "stage1", STAGE_ONE, data, images, "--validate=" + data + "," + data, "--best=txt_r1");
    Shell questions =
        train(
            "stage2",
            OPT,
            data,
            images,
            "--validate=" + data,
            "--best=vqa_accuracy",
            "--image-size=48");

    assertEquals(
        "blip2: --validate: one file of records expected for metrics, got 2; leave"
            + " --validate-metrics out for losses alone\n",
        two.err());
    assertEquals(
        "blip2: " + data + ": line 1: key expected question or text_input, got image, caption\n",
        questions.err());
  }

  private static String plain(String text) {
    return text.replaceAll("[^A-Za-z0-9 ]", " ").strip();
  }

  private static List<String> captions(Path model, Path images) {
    return Shell.run(
            "caption",
            images.resolve("a.png").toString(),
            images.resolve("b.png").toString(),
            "--prompt=a photo of",
            "--num-beams=2",
            "--max-new-tokens=12",
            "--json",
            "--model=" + model)
        .texts();
  }

  private static JsonObject scores(String task, String data, String... more) {
    List<String> args = new ArrayList<>(List.of("evaluate", task, data, "--threads=1", "--json"));
    args.addAll(List.of(more));
    return Shell.run(args.toArray(String[]::new)).json().getAsJsonObject("scores");
  }

  private Shell train(String command, Path model, Path data, Path images, String... more) {
    List<String> args = new ArrayList<>(List.of("train", command, "--model=" + model));
    args.addAll(List.of("--data=" + data, "--images=" + images, "--batch-size=2"));
    args.addAll(List.of("--max-steps=2", "--validate-every=2", "--log-every=1", "--threads=1"));
    args.addAll(List.of("--schedule=constant", "--warmup-steps=0", "--json"));
    args.add("--out=" + folder.resolve("run"));
    args.addAll(List.of(more));
    if (args.stream().noneMatch(each -> each.startsWith("--validate="))) {
      args.remove("--validate-every=2");
    }
    return Shell.run(args.toArray(String[]::new));
  }

  private Path captionsOf(String name, int count) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      lines.add(
          String.format(
              Locale.ROOT, "{\"image\": \"%d.png\", \"caption\": \"A star, %d.\"}", i, i));
    }
    return Files.write(folder.resolve(name), lines);
  }

  private List<JsonObject> validated(String key) throws IOException {
    return Files.readAllLines(folder.resolve("run/log.jsonl")).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .filter(line -> line.has(key))
        .toList();
  }

  private static List<Long> steps(List<JsonObject> lines) {
    return lines.stream().map(line -> line.get("step").getAsLong()).toList();
  }
}
