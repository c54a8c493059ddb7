package io.github.blip2j.cli.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.github.blip2j.cli.Shell;
import io.github.blip2j.data.EpochOrder;
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

final class TrainCommandTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden");
  private static final Path MODEL = GOLDEN.resolve("lavis-stage1");
  private static final Path CLIP = GOLDEN.resolve("lavis-stage1-clip");

  private final Path folder;

  TrainCommandTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void stage1_stoppedAndResumed_endsAsOneRun() throws IOException {
    Shell whole = train("whole", "--max-steps", "5", "--export", "lavis,hf", "--json");
    Shell first = train("parts", "--max-steps", "2");
    Shell second = train("parts", "--max-steps", "5", "--resume", "--json");

    JsonObject document = whole.document();
    assertEquals(5, document.get("steps").getAsLong());
    assertEquals(1, document.get("epoch").getAsLong());
    assertEquals(
        List.of("loss", "loss_itc", "loss_itm", "loss_itg"),
        List.copyOf(document.getAsJsonObject("losses").keySet()));
    assertEquals(2, document.getAsJsonArray("exports").size());
    assertTrue(Files.exists(folder.resolve("whole/lavis/checkpoint.pth")));
    assertTrue(Files.exists(folder.resolve("whole/hf/model.safetensors")));
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
                        "blip2: step \\d of 5, epoch [01], loss \\S+ \\(itc \\S+, itm \\S+,"
                            + " itg \\S+\\), lr \\S+, \\S+ samples/s(, \\d+ % of it waiting for data)?, 0:00:\\d\\d left")),
        whole.err());
  }

  @Test
  void stage1_bfloat16_saysSoInItsLog() throws IOException {
    train("narrow", "--max-steps", "2", "--dtype", "bfloat16");

    List<String> lines = Files.readAllLines(folder.resolve("narrow/log.jsonl"));
    assertEquals(2, lines.size());
    assertTrue(lines.stream().allMatch(line -> line.endsWith("\"dtype\":\"bfloat16\"}")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--epochs=0 | --epochs expected at least 1, got 0",
        "--lr=-1 | --lr and --min-lr: rates expected 0 <= min <= init and 0 < init, got min=1.0E-5,"
            + " init=-1.0",
        "--warmup-steps=-1 | --warmup-steps expected at least 0, got -1",
        "--warmup-lr=Infinity | --warmup-lr expected at least 0 and finite, got Infinity",
        "--beta2=1 | --beta2 expected in [0, 1), got 1.0",
        "--accumulate=0 | --accumulate expected at least 1, got 0",
        "--checkpoint-every=0 | training: --checkpoint-every expected at least 1, got 0",
        "--weight-decay=-1 | --weight-decay expected at least 0 and finite, got -1.0"
      })
  void stage1_optionOutOfRange_isNamed(String option, String message) throws IOException {
    assertUsage(message, option);
  }

  @Test
  void stage1_int8_exits2() throws IOException {
    assertUsage(
        "train stage1: --dtype expected float32 or bfloat16, got int8; int8 is for frozen "
            + "weights only",
        "--dtype",
        "int8");
  }

  @Test
  void stage1_nullCaption_failsNamingFileAndRecord() throws IOException {
    Path captions =
        Files.writeString(folder.resolve("c.json"), "[{\"image\": \"0.png\", \"caption\": null}]");

    Shell shell = stage1("out", captions);

    String message =
        "blip2: %s: record 1: caption expected a string, got null; write a text, or leave the record out\n";
    assertEquals(new Shell(1, "", String.format(Locale.ROOT, message, captions)), shell);
  }

  @Test
  void stage1_faultyImages_areSkippedOnlyIfAsked() throws IOException {
    Files.copy(MODEL.resolve("images/0.png"), folder.resolve("0.png"));
    Files.copy(MODEL.resolve("images/1.png"), folder.resolve("1.png"));
    Files.writeString(folder.resolve("broken.png"), "no image");
    Path captions =
        Files.writeString(
            folder.resolve("c.jsonl"),
            """
            {"image": "0.png", "caption": "a star"}
            {"image": "broken.png", "caption": "a moon"}
            {"image": "missing.png", "caption": "a sun"}
            {"image": "1.png", "caption": "a dog"}
            """);
    String[] args = {"--images", folder.toString(), "--batch-size", "2", "--max-steps", "3"};
    List<String> skipping = new ArrayList<>(List.of(args));
    skipping.add("--skip-faulty");

    Shell stopped = stage1("out", captions, args);
    Shell skipped = stage1("out", captions, skipping.toArray(new String[0]));

    assertEquals(1, stopped.exit());
    assertTrue(stopped.err().contains("missing.png"), stopped.err());
    assertEquals(0, skipped.exit(), skipped.err());
    assertTrue(skipped.err().contains("for 4 records, got none for 1, which are left out"));
  }

  @Test
  void stage1_captionWithoutWords_failsNamingItsPicture() throws IOException {
    for (String caption : List.of("", " ", "...")) {
      Path captions =
          Files.writeString(
              folder.resolve("c.json"),
              "[{\"image\": \"0.png\", \"caption\": \"a star\"}, {\"image\": \"1.png\", \"caption\":"
                  + String.format(Locale.ROOT, " [\"a dog\", \"%s\"]}]", caption));

      Shell shell = stage1("out", captions);

      String message =
          "blip2: captions: text expected about 1.png, got none; leave the record out\n";
      assertEquals(new Shell(1, "", message), shell);
    }
  }

  @Test
  void stage1_resumedWithAnotherBatchSize_isRefused() throws IOException {
    train("out", "--max-steps", "1");

    Shell shell = train("out", "--max-steps", "2", "--batch-size", "4", "--resume");

    String message =
        "blip2: step-00000001.safetensors: batch_size expected 2, with which the run was started, got"
            + " 4 from the settings of this resume; resume with 2\n";
    assertEquals(new Shell(1, "", message), shell);
  }

  @Test
  void stage1_imageSizeThatPatchesDoNotFill_exits2() throws IOException {
    Shell shell = train("out", "--image-size", "50");

    String message =
        "blip2: vision: image size expected a multiple of the patches' 8 pixels, got 50\n";
    assertEquals(new Shell(2, "", message), shell);
  }

  @Test
  void stage1_towerThatHuggingFaceLacks_failsBeforeTraining() throws IOException {
    Shell shell = train("out", CLIP, "--max-steps", "1", "--export", "lavis-trained,hf");

    String message =
        "blip2: export: vision encoder expected to be EVA's, the one Hugging Face's BLIP-2 has, got "
            + "CLIP; export for LAVIS, or to a folder of this library (toFolder, --export blip2j)\n";
    assertEquals(new Shell(1, "", message), shell);
    assertFalse(Files.exists(folder.resolve("out")));
  }

  @Test
  void stage1_withoutModel_exits2() {
    Shell shell =
        Shell.run(
            "train", "stage1", "--data", "c.json", "--images", ".", "--out", "o", "--vision", "v");

    assertEquals(
        new Shell(
            2,
            "",
            "blip2: train stage1: --model, or --vision and --bert expected, got one of the two\n"),
        shell);
  }

  @Test
  void stage1_impossibleOptions_exit2() throws IOException {
    assertUsage(
        "--lr-decay-rate: number expected with --schedule step alone, got none with step",
        "--schedule",
        "step");
    assertUsage("--epochs expected at least 1, got 0", "--epochs", "0");
    assertUsage(
        "captions: batch size expected 1 to 8, which is how many there are, got 9",
        "--batch-size",
        "9");
    assertUsage("--image-size: side expected at least 1, got 0", "--image-size", "0");
    assertUsage(
        "--warmup-steps: warm-up expected shorter than the 40 batches of the run, got 5000",
        "--schedule",
        "stepwise",
        "--warmup-steps",
        "5000");
    assertUsage("--beta2 expected in [0, 1), got 1.0", "--beta2", "1");
  }

  @Test
  void stage1_rateThatIsTooHigh_failsWithWhatDiverged() throws IOException {
    Shell shell = train("out", "--schedule", "constant", "--warmup-steps", "0", "--lr", "1e30");

    assertEquals(1, shell.exit());
    assertTrue(
        shell.err().lines().reduce("", (before, line) -> line).startsWith("blip2: step 3: losses"),
        shell.err());
    assertTrue(
        shell
            .err()
            .endsWith(
                "; look at these samples, or resume with a lower rate; if the weights of"
                    + " step-00000002.safetensors are too large already, remove it and start"
                    + " again\n"),
        shell.err());
  }

  @Test
  void stage1_damagedPicture_isResumedOnceItIsMended() throws IOException {
    Path images = Files.createDirectory(folder.resolve("images"));
    try (var all = Files.newDirectoryStream(MODEL.resolve("images"))) {
      for (Path image : all) {
        Files.copy(image, images.resolve(image.getFileName()));
      }
    }
    String[] options = {"--images", images.toString(), "--max-steps", "5"};
    train("whole", options);
    Path last =
        images.resolve(
            String.format(Locale.ROOT, "%d.png", EpochOrder.of(8, 42, 0)[7])); // of epoch 0
    byte[] good = Files.readAllBytes(last);
    Files.write(last, new byte[] {1, 2, 3});

    Shell failed = train("parts", options);
    Files.write(last, good);
    Shell resumed = train("parts", "--images", images.toString(), "--max-steps", "5", "--resume");

    assertEquals(1, failed.exit());
    assertTrue(
        failed.err().lines().reduce("", (a, b) -> b).contains(last.toString()), failed.err());
    assertEquals(0, resumed.exit(), resumed.err());
    assertArrayEquals(checkpoint("whole"), checkpoint("parts"));
    assertTrue(Files.exists(folder.resolve("parts/step-00000003.safetensors")));
  }

  @Test
  void train_withoutStage_exits2() {
    assertEquals(
        new Shell(
            2,
            "",
            "blip2: missing required stage: vision, language, stage1, stage2, caption, vqa or"
                + " retrieval; see blip2 train --help\n"),
        Shell.run("train"));
  }

  @Test
  void convert_thereAndBack_keepsEveryTensor() throws IOException {
    Path hf = folder.resolve("hf");
    Path back = folder.resolve("back.pth");
    String file = MODEL.resolve("checkpoint.pth").toString();

    Shell to =
        Shell.run(
            "convert",
            "--from",
            "lavis",
            "--heads-vision",
            "4",
            "--heads-qformer",
            "4",
            file,
            hf.toString(),
            "--json");
    Shell from = Shell.run("convert", "--from", "hf", hf.toString(), back.toString(), "--json");

    assertEquals(hf.toString(), to.json().get("out").getAsString());
    Shell again =
        Shell.run(
            "convert",
            "--from",
            "lavis",
            back.toString(),
            folder.resolve("again").toString(),
            "--heads-vision",
            "4",
            "--heads-qformer",
            "4");
    assertEquals(0, again.exit());
    assertEquals(173, from.json().get("tensors").getAsInt());
    assertArrayEquals(
        Files.readAllBytes(hf.resolve("model.safetensors")),
        Files.readAllBytes(folder.resolve("again/model.safetensors")));
  }

  @Test
  void convert_headsOfOneKind_exits2() {
    assertEquals(
        new Shell(
            2,
            "",
            "blip2: convert: --heads-vision and --heads-qformer expected together, got one of"
                + " them\n"),
        Shell.run("convert", "--from", "lavis", "--heads-vision", "4", "a.pth", "b"));
    assertEquals(
        new Shell(
            2,
            "",
            "blip2: convert: --keep-key-bias expected with --from hf only, got it for LAVIS's\n"),
        Shell.run("convert", "--from", "lavis", "--keep-key-bias", "a.pth", "b"));
  }

  @Test
  void stage1_fromASiglipAndABert_isExportedToAFolderThatMatches() throws IOException {
    Path captions =
        Files.writeString(
            folder.resolve("c.jsonl"),
            """
            {"image": "0.png", "caption": "a star"}
            {"image": "1.png", "caption": "a cross"}
            """);
    Path golden = Path.of("src", "test", "resources", "golden", "hf-siglip");
    List<String> args =
        List.of(
            "train",
            "stage1",
            "--vision",
            Path.of("..", "blip2-vision").resolve(golden).toString(),
            "--bert",
            Path.of("..", "blip2-qformer").resolve(golden).resolveSibling("hf-bert").toString(),
            "--data",
            captions.toString(),
            "--images",
            MODEL.resolve("images").toString(),
            "--batch-size",
            "2",
            "--max-steps",
            "1",
            "--out",
            folder.resolve("out").toString(),
            "--export");
    List<String> refused = new ArrayList<>(args);
    refused.add("blip2j,lavis");
    List<String> taken = new ArrayList<>(args);
    taken.add("blip2j,lavis-trained");

    Shell failed = Shell.run(refused.toArray(String[]::new));
    Shell trained = Shell.run(taken.toArray(String[]::new));

    assertEquals(
        "blip2: export: vision encoder expected to be one of LAVIS's, EVA or CLIP, got SigLIP;"
            + " export to a folder of this library (toFolder, --export blip2j)\n",
        failed.err());
    assertEquals(0, trained.exit(), trained.err());
    String processor = Files.readString(folder.resolve("out/blip2j/preprocessor_config.json"));
    assertTrue(processor.contains("0.5"), processor);
    Shell matched =
        Shell.run(
            "match",
            "--model",
            folder.resolve("out/blip2j").toString(),
            MODEL.resolve("images/0.png").toString(),
            "--text",
            "a star");
    assertEquals(0, matched.exit(), matched.err());
  }

  private void assertUsage(String message, String... more) throws IOException {
    assertEquals(new Shell(2, "", "blip2: " + message + "\n"), train("usage", more));
  }

  private Shell train(String out, String... more) throws IOException {
    return train(out, MODEL, more);
  }

  private Shell train(String out, Path model, String... more) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      lines.add(
          String.format(
              Locale.ROOT, "{\"image\": \"%d.png\", \"caption\": \"A star, %d.\"}", i, i));
    }
    return stage1(out, model, Files.write(folder.resolve("captions.jsonl"), lines), more);
  }

  private Shell stage1(String out, Path captions, String... more) {
    return stage1(out, MODEL, captions, more);
  }

  private Shell stage1(String out, Path model, Path captions, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "train",
                "stage1",
                "--model",
                model.toString(),
                "--data",
                captions.toString(),
                "--out",
                folder.resolve(out).toString(),
                "--log-every",
                "1",
                "--augment"));
    List<String> given = List.of(more);
    if (!given.contains("--images")) {
      args.addAll(List.of("--images", MODEL.resolve("images").toString()));
    }
    if (!given.contains("--batch-size")) {
      args.addAll(List.of("--batch-size", "2"));
    }
    args.addAll(given);
    return Shell.run(args.toArray(String[]::new));
  }

  private byte[] checkpoint(String run) throws IOException {
    return Files.readAllBytes(folder.resolve(run).resolve("step-00000005.safetensors"));
  }
}
