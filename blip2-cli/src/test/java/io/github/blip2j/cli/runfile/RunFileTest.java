package io.github.blip2j.cli.runfile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

/** Runs that a file describes. */
final class RunFileTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden");
  private static final Path OPT = GOLDEN.resolve("hf-opt");

  private final Path folder;

  RunFileTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private String captions() throws IOException {
    return Files.writeString(
            folder.resolve("c.json"),
            "[{\"image\": \"a.png\", \"caption\": \"a star\"},"
                + " {\"image\": \"b.png\", \"caption\": \"a ring\"}]")
        .toString();
  }

  private Shell train(String stage, String file, String... more) throws IOException {
    Path path = Files.writeString(folder.resolve("run.yaml"), file);
    List<String> all = new ArrayList<>(List.of("train", stage, "--config", path.toString()));
    all.addAll(List.of(more));
    return Shell.run(all.toArray(String[]::new));
  }

  private String own() throws IOException {
    return String.join(
        "\n",
        "model:",
        "  model: " + OPT,
        "optim:",
        "  lr: 1e-3",
        "  schedule: constant",
        "  warmup-steps: 0",
        "  log_every: 1",
        "  max_steps: 2",
        "data:",
        "  data: [" + captions() + "]",
        "  images: " + OPT.resolve("images"),
        "  batch_size: 2",
        "run:",
        "  out: " + folder.resolve("out"),
        "  json: true",
        "");
  }

  @Test
  void config_ownKeys_areTheOptions() throws IOException {
    Shell shell = train("stage2", own());

    assertEquals(0, shell.exit(), shell.err());
    assertEquals(1e-3, shell.document().get("lr").getAsDouble());
    assertEquals(2, shell.document().get("steps").getAsLong());
  }

  @Test
  void config_setAndOptions_winInThisOrder() throws IOException {
    Shell set = train("stage2", own(), "--set", "optim.lr=2e-3", "--set=run.out=" + folder + "/b");
    Shell option =
        train("stage2", own(), "--lr", "3e-3", "--set", "optim.lr=2e-3", "--out", folder + "/c");

    assertEquals(2e-3, set.document().get("lr").getAsDouble(), set.err());
    assertEquals(3e-3, option.document().get("lr").getAsDouble(), option.err());
  }

  @Test
  void config_lavisKeys_areTheirEquals() throws IOException {
    String file =
        String.join(
            "\n",
            "model:",
            "  arch: blip2_opt",
            "  freeze_vit: True",
            "  use_grad_checkpoint: False",
            "  image_size: 48",
            "datasets:",
            "  coco_caption:",
            "    vis_processor:",
            "      train: {name: blip2_image_train, image_size: 48}",
            "    build_info:",
            "      annotations: {train: {storage: [" + captions() + "]}}",
            "      images: {storage: " + OPT.resolve("images") + "}",
            "run:",
            "  task: captioning",
            "  lr_sched: linear_warmup_cosine_lr",
            "  init_lr: 1e-4",
            "  min_lr: 1e-5",
            "  warmup_lr: 1e-6",
            "  warmup_steps: 2",
            "  max_epoch: 3",
            "  batch_size_train: 2",
            "  seed: 7",
            "  log_freq: 1",
            "  output_dir: " + folder.resolve("lavis"),
            "  resume_ckpt_path: null",
            "");

    Shell shell = train("stage2", file, "--model", OPT.toString(), "--json");

    assertEquals(0, shell.exit(), shell.err());
    assertEquals(3, shell.document().get("steps").getAsLong());
    assertTrue(
        shell.err().contains("keys of LAVIS without effect here: model.arch, run.task"),
        shell.err());
    double last = 1e-5 + (1e-4 - 1e-5) * (1 + Math.cos(Math.PI * 2 / 3)) / 2;
    assertEquals(last, shell.document().get("lr").getAsDouble(), 1e-12);
  }

  @Test
  void config_json_isReadToo() throws IOException {
    String file =
        String.format(
            Locale.ROOT,
            "{\"model\": {\"model\": \"%s\"}, \"data\": {\"data\": \"%s\", \"images\": \"%s\","
                + " \"batch_size\": 2}, \"run\": {\"out\": \"%s\"}, \"optim\": {\"max_steps\": 1}}",
            OPT,
            captions(),
            OPT.resolve("images"),
            folder.resolve("out"));

    assertEquals(0, train("stage2", file).exit());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "optim: {lrr: 1} | key of blip2 train stage2 expected, got optim.lrr; optim.lr?",
        "run: {init_rl: 1} | key of blip2 train stage2 expected, got run.init_rl; run.init_lr?",
        "optim: {lr: fast} | invalid value for option '--lr'",
        "run: {lr_sched: inverse} | '--schedule'",
        "[1, 2] | keys with values expected, got a value",
        "a: [ | YAML or JSON expected, got malformed text in line",
        "'{a: 1, a: 2}' | YAML or JSON expected, got malformed text in line 1",
        "'{optim: {lr: 1}, run: {init_lr: 2}}' | one value of --lr expected, got optim.lr: 1 and"
            + " run.init_lr: 2; leave one out",
        "data: {lr: 1} | key of blip2 train stage2 expected, got data.lr; optim.lr?",
        "run: {log_every: 1} | got run.log_every; optim.log_every?",
        "lr: 1 | key of blip2 train stage2 expected, got lr; optim.lr?",
        "'optim: &a {lr: *a}' | sections expected at most 16 deep, got more; let no alias stand for",
        "model: {freeze_vit: maybe} | model.freeze_vit: true or false expected, got maybe",
        "data: {data: [{a: 1}]} | data.data expected values in its list",
      })
  void config_wrong_saysWhatIsRight(String file, String said) throws IOException {
    Shell shell = train("stage2", file);

    assertEquals(2, shell.exit(), shell.err());
    assertTrue(shell.err().contains(said), shell.err());
  }

  @Test
  void config_tildeOrSetToNull_leavesTheDefault() throws IOException {
    String file = own().replace("optim:\n", "optim:\n  ema: ~\n  clip_norm: 1e-9\n");
    Shell clipped = train("stage2", file.replace("  ema: ~\n", ""));
    Shell free =
        train("stage2", file, "--set", "optim.clip_norm=null", "--set=run.out=" + folder + "/b");

    assertEquals(0, clipped.exit(), clipped.err());
    assertEquals(0, free.exit(), free.err());
    String options = Files.readString(folder.resolve("b").resolve("run.json"));
    assertTrue(options.contains("\"--clip-norm\": \"Infinity\""), options);
  }

  @Test
  void config_setToAList_isTheList() throws IOException {
    Shell shell =
        train("stage2", own(), "--set", "model.freeze=[\"projection.*\", '/.{1,9}Norm.bias/']");

    assertEquals(0, shell.exit(), shell.err());
    String options = Files.readString(folder.resolve("out").resolve("run.json"));
    assertTrue(options.contains("projection.*,/.{1,9}Norm.bias/"), options);
  }

  @ParameterizedTest
  @CsvSource({"1e0, 1", "2.0, 2", "1.0E+0, 1"})
  void config_wholeNumberWithAPointOrAPower_isAnInteger(String written, int steps)
      throws IOException {
    Shell inFile = train("stage2", own().replace("max_steps: 2", "max_steps: " + written));
    Shell set =
        train("stage2", own(), "--set=optim.max_steps=" + written, "--out=" + folder + "/b");

    assertEquals(0, inFile.exit(), inFile.err());
    assertEquals(0, set.exit(), set.err());
    assertEquals(steps, inFile.document().get("steps").getAsInt());
    assertEquals(steps, set.document().get("steps").getAsInt());
  }

  @ParameterizedTest
  @CsvSource({"1.5", "1e999999999", "1e19", "many"})
  void config_noWholeNumber_isRefused(String written) throws IOException {
    Shell shell = train("stage2", own(), "--set=optim.max_steps=" + written);

    assertEquals(2, shell.exit());
    assertTrue(shell.err().contains("option '--max-steps': '" + written), shell.err());
  }

  @Test
  void config_noFileOrNoPair_isRefused() throws IOException {
    Shell gone = Shell.run("train", "stage2", "--config", folder.resolve("gone").toString());
    Shell pair = train("stage2", own(), "--set", "optim.lr");

    assertEquals(1, gone.exit());
    assertEquals(2, pair.exit());
    assertTrue(pair.err().contains("--set: key=value expected, got 'optim.lr'"), pair.err());
  }
}
