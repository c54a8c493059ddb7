package io.github.blip2j.cli.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.cli.Shell;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Validation, averages, the folder of a run and the options of the first stage. */
final class ValidationCommandTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden");
  private static final Path MODEL = GOLDEN.resolve("lavis-stage1");
  private static final Path BERT =
      Path.of("..", "blip2-qformer", "src", "test", "resources", "golden", "hf-bert");
  private static final String LAST = "step-00000004.safetensors";

  private final Path folder;

  ValidationCommandTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path captions(String name, int from, int to) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = from; i < to; i++) {
      lines.add(
          String.format(
              Locale.ROOT, "{\"image\": \"%d.png\", \"caption\": \"A star, %d.\"}", i, i));
    }
    return Files.write(folder.resolve(name), lines);
  }

  /** Trains on six pictures; two more are held out. */
  private Shell train(String out, String... more) throws IOException {
    return run(out, List.of("--model", MODEL.toString()), more);
  }

  private Shell run(String out, List<String> model, String... more) throws IOException {
    List<String> args = new ArrayList<>(List.of("train", "stage1"));
    args.addAll(model);
    args.addAll(List.of("--data", captions("captions.jsonl", 0, 6).toString()));
    args.addAll(List.of("--images", MODEL.resolve("images").toString()));
    args.addAll(List.of("--out", folder.resolve(out).toString(), "--batch-size", "2"));
    args.addAll(List.of("--log-every", "1", "--threads", "1", "--schedule", "constant"));
    args.addAll(List.of("--warmup-steps", "0"));
    args.addAll(Arrays.asList(more));
    for (String[] usual : new String[][] {{"--max-steps", "4"}, {"--lr", "1e-3"}}) {
      if (!args.contains(usual[0])) {
        args.addAll(Arrays.asList(usual));
      }
    }
    return Shell.run(args.toArray(String[]::new));
  }

  private String[] validating(String... more) throws IOException {
    String held = captions("held.jsonl", 6, 8).toString();
    return Stream.concat(
            Stream.of("--validate", held, "--validate-every", "2"), Arrays.stream(more))
        .toArray(String[]::new);
  }

  private byte[] bytes(String run, String file) throws IOException {
    return Files.readAllBytes(folder.resolve(run).resolve(file));
  }

  private List<JsonObject> log(String run) throws IOException {
    return Files.readAllLines(folder.resolve(run).resolve("log.jsonl")).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .toList();
  }

  private List<String> files(String run) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(run))) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  @Test
  void stage1_validated_trainsTheSameAndKeepsTheBest() throws IOException {
    Shell plain = train("plain");
    Shell shell = train("run", validating("--best", "loss", "--json"));

    assertEquals(0, plain.exit(), plain.err());
    assertEquals(0, shell.exit(), shell.err());
    assertEquals(
        List.of("best.safetensors", "curves.html", "log.jsonl", "run.json", LAST, "tensorboard"),
        files("run"));
    List<JsonObject> validated =
        log("run").stream().filter(line -> line.has("val_loss_itm")).toList();
    assertEquals(
        List.of(0L, 2L, 4L), validated.stream().map(l -> l.get("step").getAsLong()).toList());
    double best =
        validated.stream().mapToDouble(l -> l.get("val_loss").getAsDouble()).min().orElseThrow();
    assertEquals(best, shell.document().getAsJsonObject("best").get("value").getAsDouble(), 1e-12);
    assertTrue(shell.err().contains("blip2: validation after step 0: loss "), shell.err());
    try (var one = SafetensorsFile.open(folder.resolve("plain").resolve(LAST));
        var two = SafetensorsFile.open(folder.resolve("run").resolve(LAST))) {
      assertEquals(one.tensors().keySet(), two.tensors().keySet());
    }
    assertTensors(bytes("plain", LAST), bytes("run", LAST));
  }

  /** Compares what follows the headers of two checkpoints. */
  private static void assertTensors(byte[] expected, byte[] got) {
    assertArrayEquals(tensors(expected), tensors(got));
  }

  private static byte[] tensors(byte[] file) {
    long header = java.nio.ByteBuffer.wrap(file).order(java.nio.ByteOrder.LITTLE_ENDIAN).getLong();
    return Arrays.copyOfRange(file, (int) header + 8, file.length);
  }

  @Test
  void stage1_everythingStoppedAndResumed_endsAsOneRun() throws IOException {
    String[] options = validating("--best", "loss_itc", "--patience", "9", "--ema", "0.9");
    Shell whole = train("whole", options);
    Shell first = train("parts", with(options, "--max-steps", "3"));
    Shell second = train("parts", with(options, "--resume"));

    assertEquals(0, whole.exit(), whole.err());
    assertEquals(0, first.exit(), first.err());
    assertEquals(0, second.exit(), second.err());
    assertArrayEquals(bytes("whole", LAST), bytes("parts", LAST));
    assertArrayEquals(bytes("whole", "best.safetensors"), bytes("parts", "best.safetensors"));
    assertEquals(
        "blip2: resuming with other options: --max-steps 3 -> 4",
        second.err().lines().findFirst().orElse(""));
  }

  private static String[] with(String[] options, String... more) {
    List<String> all = new ArrayList<>(Arrays.asList(options));
    all.addAll(Arrays.asList(more));
    return all.toArray(String[]::new);
  }

  @Test
  void stage1_averaged_exportsTheAverages() throws IOException {
    train("last", "--export", "lavis");
    Shell averaged = train("averaged", "--ema", "0.9", "--export", "lavis");

    assertEquals(0, averaged.exit(), averaged.err());
    assertTrue(averaged.err().contains("blip2: exporting averaged weights\n"), averaged.err());
    assertFalse(
        Arrays.equals(
            bytes("last", "lavis/checkpoint.pth"), bytes("averaged", "lavis/checkpoint.pth")));
  }

  @Test
  void stage1_best_isExported() throws IOException {
    String[] all = validating("--best", "max:loss", "--export", "lavis", "--json");
    Shell shell = train("run", with(all, "--lr", "3e-2"));
    long step = shell.document().getAsJsonObject("best").get("step").getAsLong();
    Shell shorter =
        train("shorter", "--export", "lavis", "--lr", "3e-2", "--max-steps", Long.toString(step));

    assertEquals(0, shell.exit(), shell.err());
    assertEquals(2, step);
    assertEquals(0, shorter.exit(), shorter.err());
    assertTrue(shell.err().contains("blip2: exporting the best checkpoint\n"), shell.err());
    assertArrayEquals(
        bytes("shorter", "lavis/checkpoint.pth"), bytes("run", "lavis/checkpoint.pth"));
  }

  @Test
  void stage1_noBetterForLong_endsTheRun() throws IOException {
    Shell shell =
        train("run", validating("--best", "min:loss", "--patience", "1", "--lr", "1e-30"));

    assertEquals(0, shell.exit(), shell.err());
    assertTrue(shell.out().startsWith("done after step 2, epoch 0"), shell.out());
    assertTrue(
        shell.err().endsWith("blip2: ended by --patience: nothing better since step 0\n"),
        shell.err());
  }

  @Test
  void stage1_otherRateAndEpochs_areSaid() throws IOException {
    train("run", "--max-steps", "2");
    Shell shell = train("run", "--resume", "--lr", "2e-3", "--epochs", "20");

    String[] lines = shell.err().split("\n", -1);
    assertEquals(
        "blip2: resuming with other options: --epochs 10 -> 20, --lr 0.001 -> 0.002, --max-steps 2"
            + " -> 4",
        lines[0]);
    assertEquals(
        "blip2: resuming after step 2 with another schedule Constant[init=0.001,"
            + " warmup=Warmup[from=1.0E-6, batches=0]] -> Constant[init=0.002,"
            + " warmup=Warmup[from=1.0E-6, batches=0]], epochs 10 -> 20; the run differs from one"
            + " without a stop",
        lines[1]);
  }

  @Test
  void stage1_folderOfAnotherRun_isRefused() throws IOException {
    train("run");
    Path description = folder.resolve("run/run.json");
    Files.writeString(
        description, Files.readString(description).replace("\"train stage1\"", "\"train stage2\""));

    for (String[] more : new String[][] {{}, {"--resume"}}) {
      assertEquals(
          new Shell(
              1,
              "",
              "blip2: "
                  + description
                  + ": run of train stage1 expected, got one of train stage2; choose another"
                  + " folder\n"),
          train("run", more));
    }
  }

  @Test
  void stage1_describesItself() throws IOException {
    train("run", "--itm-weight", "0.5");

    JsonObject json =
        JsonParser.parseString(Files.readString(folder.resolve("run/run.json"))).getAsJsonObject();
    assertEquals("train stage1", json.get("command").getAsString());
    JsonObject options = json.getAsJsonObject("options");
    assertEquals("0.5", options.get("--itm-weight").getAsString());
    assertEquals("42", options.get("--seed").getAsString());
    assertEquals(MODEL.toString(), options.get("--model").getAsString());
    assertFalse(options.has("--out"));
    assertEquals("stage1", json.getAsJsonArray("arguments").get(1).getAsString());
    assertTrue(
        json.getAsJsonObject("models").getAsJsonObject("--model").get("bytes").getAsLong() > 0);
    assertEquals(1, json.getAsJsonArray("data").size());
  }

  @Test
  void stage1_lossWithoutWeight_isNotThere() throws IOException {
    Shell shell = train("run", "--itg-weight", "0", "--itm-weight", "2", "--json");

    assertEquals(0, shell.exit(), shell.err());
    JsonObject losses = shell.document().getAsJsonObject("losses");
    assertFalse(losses.has("loss_itg"));
    assertEquals(
        losses.get("loss_itc").getAsDouble() + 2 * losses.get("loss_itm").getAsDouble(),
        losses.get("loss").getAsDouble(),
        1e-5);
  }

  @Test
  void stage1_recomputedWithTower_trainsIt() throws IOException {
    Shell shell = train("run", "--recompute", "--train-vision", "--export", "lavis-trained");

    assertEquals(0, shell.exit(), shell.err());
    try (var saved = SafetensorsFile.open(folder.resolve("run").resolve(LAST))) {
      assertTrue(
          saved.tensors().keySet().stream().anyMatch(name -> name.startsWith("vision.layers.")));
    }
  }

  @Test
  void stage1_sizesFromScratch_areThoseOfTheModel() throws IOException {
    List<String> parts = List.of("--vision", MODEL.toString(), "--bert", BERT.toString());
    Shell shell =
        run(
            "run",
            parts,
            "--from-scratch",
            "--queries",
            "5",
            "--cross-attention-every",
            "1",
            "--projection-dim",
            "12",
            "--qformer-dim",
            "40",
            "--qformer-heads",
            "5",
            "--qformer-layers",
            "3",
            "--qformer-mlp-dim",
            "24");

    assertEquals(0, shell.exit(), shell.err());
    try (var saved = SafetensorsFile.open(folder.resolve("run").resolve(LAST))) {
      var tensors = saved.tensors();
      assertEquals(
          "[1, 5, 40]", String.valueOf(Objects.requireNonNull(tensors.get("queries")).shape()));
      assertTrue(tensors.containsKey("qformer.layers.2.imageAttention.query.weight"));
      assertFalse(tensors.containsKey("qformer.layers.3.attention.query.weight"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--best=loss | --best expected with --validate only, got it without; add --validate",
        "--validate-every=3 | --validate-every expected with --validate only, got it without; add"
            + " --validate",
        "--validate-limit=3 | --validate-limit expected with --validate only, got it without; add"
            + " --validate",
        "--validate-k=3 | --validate-k expected with --validate only, got it without; add --validate",
        "--validate-num-beams=3 | --validate-num-beams expected with --validate only, got it without;"
            + " add --validate",
        "--layer-decay=0.5 | --layer-decay expected with a trained vision encoder, got a frozen one; add"
            + " --train-vision, or leave it out",
        "--patience=3 | --patience expected with --best only, got it without; add --best",
        "--ema=1 | --ema: decay expected above 0 and below 1, got 1.0",
        "--queries=8 | train stage1: --queries expected with --bert, got it with --model, whose"
            + " sizes stay",
        "--from-scratch | train stage1: --from-scratch expected with --bert, got it with --model",
        "--itc-weight=-1 | stage1: weights of losses expected at least 0, finite and not all 0, got"
            + " itc=-1.0, itm=1.0, itg=1.0",
      })
  void stage1_wrongCombination_exits2(String option, String message) throws IOException {
    assertEquals(new Shell(2, "", "blip2: " + message + "\n"), train("run", option));
  }

  @Test
  void stage1_unknownMetric_namesThoseThatThereAre() throws IOException {
    Shell shell = train("run", validating("--best", "accuracy"));

    assertEquals(1, shell.exit());
    assertTrue(
        shell
            .err()
            .endsWith(
                "blip2: validation: metric expected to be one of loss, loss_itc, loss_itg, loss_itm,"
                    + " got accuracy; choose one of them\n"),
        shell.err());
  }

  @Test
  void stage1_bestLossInCapitals_isTheLoss() throws IOException {
    assertEquals(0, train("run", validating("--best", "val_LOSS_ITC")).exit());
  }

  @Test
  void stage1_adapterOfParts_isRefused() throws IOException {
    Shell shell =
        run(
            "run",
            List.of("--vision", MODEL.toString(), "--bert", BERT.toString()),
            "--freeze=*",
            "--lora=r=2,targets=query",
            "--export=peft");

    assertEquals(2, shell.exit());
    assertTrue(shell.err().contains("--export peft expected with --model"), shell.err());
  }
}
