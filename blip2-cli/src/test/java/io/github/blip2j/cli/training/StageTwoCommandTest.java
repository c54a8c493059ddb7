package io.github.blip2j.cli.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StageTwoCommandTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden");
  private static final Path MODEL = GOLDEN.resolve("hf-opt");

  private final Path folder;

  StageTwoCommandTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void stage2_stoppedAndResumed_endsAsOneRun() throws IOException {
    Shell whole = train("whole", "--max-steps", "5", "--export", "lavis-trained,hf", "--json");
    Shell first = train("parts", "--max-steps", "2");
    Shell second = train("parts", "--max-steps", "5", "--resume", "--json");

    JsonObject document = whole.document();
    assertEquals(5, document.get("steps").getAsLong());
    assertEquals(List.of("loss"), List.copyOf(document.getAsJsonObject("losses").keySet()));
    assertTrue(Files.exists(folder.resolve("whole/lavis-trained/checkpoint.pth")));
    assertEquals("done after step 2, epoch 0: " + folder.resolve("parts") + "\n", first.out());
    assertEquals(document.get("losses"), second.document().get("losses"));
    assertArrayEquals(checkpoint("whole"), checkpoint("parts"));
    assertTrue(
        whole
            .err()
            .lines()
            .allMatch(
                line ->
                    line.matches(
                        "blip2: step \\d of 5, epoch [012], loss [\\d.]+, lr \\S+, \\S+ samples/s(, \\d+ % of it waiting for data)?,"
                            + " 0:00:\\d\\d left")),
        whole.err());
    Shell caption =
        Shell.run(
            "caption",
            "--model",
            folder.resolve("whole/hf").toString(),
            MODEL.resolve("images/a.png").toString());
    assertEquals(0, caption.exit(), caption.err());
  }

  @Test
  void stage2_bfloat16_isLoggedAndNotResumedInAnother() throws IOException {
    Shell first = train("narrow", "--max-steps", "1", "--dtype", "bfloat16");
    Shell wide = train("narrow", "--max-steps", "2", "--resume");

    assertEquals(0, first.exit(), first.err());
    String log = Files.readString(folder.resolve("narrow/log.jsonl"));
    assertTrue(log.endsWith("\"dtype\":\"bfloat16\"}\n"), log);
    assertEquals(
        new Shell(
            1,
            "",
            "blip2: step-00000001.safetensors: dtype expected bfloat16, with which the run was"
                + " started, got float32 from the settings of this resume; resume with bfloat16\n"),
        wide);
  }

  @Test
  void stage2_withEveryOption_trains() throws IOException {
    Shell shell =
        train(
            "options",
            "--max-steps",
            "1",
            "--prompt",
            "a photo of",
            "--max-text-tokens",
            "20",
            "--no-language-dropout",
            "--train-vision",
            "--image-size",
            "64",
            "--dtype",
            "bfloat16",
            "--recompute",
            "--augment");

    assertEquals(0, shell.exit(), shell.err());
  }

  @Test
  void stage2_recordsWithInputAndOutput_train() throws IOException {
    Path data =
        Files.writeString(
            folder.resolve("vqa.json"),
            "[{\"image\": \"a.png\", \"text_input\": \"what color is the star?\","
                + " \"text_output\": \"red\"}, {\"image\": \"b.png\", \"caption\": \"a dog\"}]");

    Shell shell = stage2("out", data, "--max-steps", "1");

    assertEquals(0, shell.exit(), shell.err());
  }

  @Test
  void stage2_picturesThatAreNotThere_failNamingThem() throws IOException {
    Path data =
        Files.writeString(
            folder.resolve("c.json"), "[{\"image\": \"gone.png\", \"caption\": \"a dog\"}]");

    Shell shell = stage2("out", data);

    assertEquals(
        new Shell(
            1,
            "",
            String.format(
                    Locale.ROOT,
                    "blip2: %s: images expected for 1 records, got none for 1 (gone.png); check the folder,",
                    MODEL.resolve("images"))
                + " or skip such records (Faulty.SKIP, --skip-faulty)\n"),
        shell);
  }

  @Test
  void stage2_recordWithoutPicture_failsNamingIt() throws IOException {
    Path data = Files.writeString(folder.resolve("c.json"), "[{\"caption\": \"a dog\"}]");

    Shell shell = stage2("out", data);

    String message =
        "blip2: %s: record 1: keys expected image and caption, or file_name and text, got caption;"
            + " write one record for each image, its path as image and its caption as caption\n";
    assertEquals(new Shell(1, "", String.format(Locale.ROOT, message, data)), shell);
  }

  @Test
  void stage2_captionWithoutWords_failsNamingItsPicture() throws IOException {
    Path data =
        Files.writeString(
            folder.resolve("c.json"),
            "[{\"image\": \"a.png\", \"caption\": \"a dog\"}, {\"image\": \"b.png\", \"caption\":"
                + " \"...\"}]");

    Shell shell = stage2("out", data);

    String message = "blip2: captions: text expected about b.png, got none; leave the record out\n";
    assertEquals(new Shell(1, "", message), shell);
  }

  @Test
  void stage2_inputThatLeavesNoRoom_failsBeforeTheFirstUpdate() throws IOException {
    String question = "what color is the star? ".repeat(9);
    Path data =
        Files.writeString(
            folder.resolve("vqa.json"),
            "[{\"image\": \"a.png\", \"caption\": \"a dog\"}, {\"image\": \"b.png\","
                + String.format(
                    Locale.ROOT, " \"text_input\": \"%s\", \"text_output\": \"red\"}]", question));

    Shell shell = stage2("out", data, "--max-steps", "1");

    assertEquals(1, shell.exit());
    assertTrue(
        shell
            .err()
            .matches(
                "blip2: stage2: input about b.png expected fewer than --max-text-tokens=32 tokens, got"
                    + " \\d+; shorten it or allow more\n"),
        shell.err());
    assertFalse(Files.exists(folder.resolve("out")));
  }

  @Test
  void stage2_promptThatLeavesNoRoom_exits2() throws IOException {
    Shell shell = train("out", "--prompt", "a photo of ".repeat(20));

    assertEquals(2, shell.exit());
    assertTrue(
        shell
            .err()
            .startsWith("blip2: stage2: prompt expected fewer than --max-text-tokens=32 tokens"),
        shell.err());
    assertFalse(Files.exists(folder.resolve("out")));
  }

  @Test
  void stage2_noRoomForAToken_exits2() throws IOException {
    Shell shell = train("out", "--max-text-tokens", "1");

    assertEquals(2, shell.exit());
    assertEquals("blip2: stage2: --max-text-tokens expected at least 2, got 1\n", shell.err());
  }

  @Test
  void stage2_withoutModel_exits2() {
    assertUsage("train stage2: --model, or --stage1 and --language expected, got neither");
    assertUsage(
        "train stage2: --model, or --stage1 and --language expected, got one of the two",
        "--language",
        "opt");
    assertUsage(
        "train stage2: --model, or --stage1 and --language expected, got both",
        "--model",
        "m",
        "--stage1",
        "s");
    assertUsage(
        "train stage2: --export expected hf, blip2j, lavis-trained or peft, got lavis; no file of LAVIS holds a"
            + " language model",
        "--model",
        "m",
        "--export",
        "lavis");
  }

  private static void assertUsage(String message, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("train", "stage2", "--captions", "c.json", "--images", ".", "--out", "o"));
    args.addAll(List.of(more));
    assertEquals(
        new Shell(2, "", "blip2: " + message + "\n"), Shell.run(args.toArray(String[]::new)));
  }

  private Shell train(String out, String... more) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String picture : List.of("a", "b", "c", "a")) {
      lines.add(
          String.format(
              Locale.ROOT, "{\"image\": \"%s.png\", \"caption\": \"A star, red.\"}", picture));
    }
    return stage2(out, Files.write(folder.resolve("captions.jsonl"), lines), more);
  }

  private Shell stage2(String out, Path captions, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "train",
                "stage2",
                "--model",
                MODEL.toString(),
                "--captions",
                captions.toString(),
                "--images",
                MODEL.resolve("images").toString(),
                "--out",
                folder.resolve(out).toString(),
                "--log-every",
                "1",
                "--batch-size",
                "2"));
    args.addAll(List.of(more));
    return Shell.run(args.toArray(String[]::new));
  }

  private byte[] checkpoint(String run) throws IOException {
    return Files.readAllBytes(folder.resolve(run).resolve("step-00000005.safetensors"));
  }
}
