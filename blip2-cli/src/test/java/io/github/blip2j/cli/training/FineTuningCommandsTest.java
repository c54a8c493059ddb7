package io.github.blip2j.cli.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code train caption}, {@code vqa} and {@code retrieval}, and LoRA. */
final class FineTuningCommandsTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden");
  private static final Path OPT = GOLDEN.resolve("hf-opt");
  private static final Path STAGE_ONE = GOLDEN.resolve("lavis-stage1");

  private final Path folder;

  FineTuningCommandsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path captions() throws IOException {
    return Files.writeString(
        folder.resolve("captions.json"),
        "[{\"image\": \"a.png\", \"caption\": \"a red star\", \"image_id\": 1},"
            + " {\"image\": \"b.png\", \"caption\": \"a blue ring\", \"image_id\": 2}]");
  }

  private Path questions() throws IOException {
    return Files.writeString(
        folder.resolve("vqa.json"),
        "[{\"image\": \"a.png\", \"question\": \"What color?\", \"answer\": [\"red\", \"blue\"]},"
            + " {\"image\": \"b.png\", \"question\": \"How many?\", \"answer\": \"two\"}]");
  }

  private static List<String> arguments(String text, Path data, Path images, Path out) {
    List<String> all = new ArrayList<>(List.of(text.split(" ")));
    all.addAll(
        List.of(
            "--data",
            data.toString(),
            "--images",
            images.toString(),
            "--out",
            out.toString(),
            "--max-steps",
            "2",
            "--batch-size",
            "2",
            "--log-every",
            "1",
            "--json"));
    return all;
  }

  private Shell run(String text, Path data, String out) {
    List<String> all = arguments(text, data, OPT.resolve("images"), folder.resolve(out));
    return Shell.run(all.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf-instructblip", "hf-instructblip-vicuna"})
  void vqa_instructBlip_trainsTheTower(String name) throws IOException {
    Path model = GOLDEN.resolve(name);

    Shell shell =
        run("train vqa --model " + model + " --image-size 80 --export blip2j", questions(), "out");

    assertEquals(0, shell.exit(), shell.err());
    assertTrue(Files.exists(folder.resolve("out/blip2j/model.safetensors")));
  }

  @Test
  void vqa_queriesOnly_needsToBeSaid() throws IOException {
    Shell refused = run("train vqa --image-size 48 --model " + OPT, questions(), "a");
    Shell told = run("train vqa --queries-only --image-size 48 --model " + OPT, questions(), "b");

    assertEquals(2, refused.exit());
    assertTrue(refused.err().contains("Q-Former expected to read questions"), refused.err());
    assertEquals(0, told.exit(), told.err());
  }

  @Test
  void caption_defaults_areThoseOfFineTuning() throws IOException {
    Shell shell = run("train caption --image-size 48 --model " + OPT, captions(), "out");

    assertEquals(0, shell.exit(), shell.err());
    double second = 1e-5 * (1 + Math.cos(Math.PI / 5)) / 2; // of five epochs, one update each
    assertEquals(second, shell.document().get("lr").getAsDouble(), 1e-12);
  }

  @Test
  void caption_withoutTheTower_leavesItOutOfTheCheckpoint() throws IOException {
    run("train caption --image-size 48 --model " + OPT, captions(), "with");
    run("train caption --no-train-vision --image-size 48 --model " + OPT, captions(), "without");

    assertTrue(trains("with", "vision.layers.0."));
    assertFalse(trains("without", "vision.layers.0."));
    assertTrue(trains("without", "qformer.layers.0."));
  }

  /** Whether a run's checkpoint names parameters that begin so. */
  private boolean trains(String run, String name) throws IOException {
    Path file = folder.resolve(run).resolve("step-00000002.safetensors");
    return Files.readString(file, StandardCharsets.ISO_8859_1).contains('"' + name);
  }

  @Test
  void retrieval_firstStage_trainsTowerWithoutGeneration() throws IOException {
    List<String> all =
        arguments(
            "train retrieval --image-size 40 --model " + STAGE_ONE,
            captions(),
            OPT.resolve("images"),
            folder.resolve("out"));

    Shell shell = Shell.run(all.toArray(String[]::new));

    assertEquals(0, shell.exit(), shell.err());
    var losses = shell.document().getAsJsonObject("losses");
    assertEquals(
        losses.get("loss_itc").getAsDouble() + losses.get("loss_itm").getAsDouble(),
        losses.get("loss").getAsDouble(),
        1e-5);
    assertFalse(losses.has("loss_itg")); // it has no weight and is not computed
  }

  @Test
  void stage1_loraThenFurther_writesAnAdapter() throws IOException {
    String start = "train stage1 --warmup-steps 0 --lr 1e-2 --freeze * --export peft --model ";
    Shell first = run(start + STAGE_ONE + " --lora r=2,targets=query,value", captions(), "first");
    Path adapter = folder.resolve("first/peft");
    Shell further = run(start + STAGE_ONE + " --lora-from " + adapter, captions(), "further");
    Shell whole = run("train stage1 --export peft --model " + STAGE_ONE, captions(), "whole");

    assertEquals(0, first.exit(), first.err());
    assertEquals(0, further.exit(), further.err());
    assertTrue(Files.exists(folder.resolve("further/peft/adapter_model.safetensors")));
    assertTrue(
        Files.readString(adapter.resolve("adapter_config.json")).contains("lavis-stage1"), "base");
    assertEquals(1, whole.exit());
    assertTrue(whole.err().contains("LoRA expected for an adapter, got none"), whole.err());
  }

  @Test
  void stage2_loraThenMerged_givesACaption() throws IOException {
    Shell trained =
        run(
            "train stage2 --freeze * --lora r=2,alpha=4,targets=q_proj,v_proj --export peft --model "
                + OPT,
            captions(),
            "out");
    Path adapter = folder.resolve("out/peft");
    Path merged = folder.resolve("merged");
    Shell convert =
        Shell.run("convert", "--merge-lora", adapter.toString(), OPT.toString(), merged.toString());
    Shell caption =
        Shell.run("caption", "--model", merged.toString(), OPT.resolve("images/a.png").toString());
    Shell further =
        run("train stage2 --freeze * --model " + OPT + " --lora-from " + adapter, captions(), "on");

    assertEquals(0, trained.exit(), trained.err());
    assertEquals(0, convert.exit(), convert.err());
    assertEquals(0, caption.exit(), caption.err());
    assertEquals(0, further.exit(), further.err());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--lora r=2,targets=q_proj,rang=3 | setting expected among r, alpha, dropout, rslora,"
            + " targets, pattern, got 'rang'",
        "--lora r=2 | targets or pattern expected",
        "--lora r=x,targets=q_proj | r expected a number, got 'x'",
        "--lora targets=q_prog | target expected to name a linear map, got 'q_prog'; near it are"
            + " q_proj",
        "--train vision.blocks.* | pattern expected to match a parameter, got none for"
            + " 'vision.blocks.*'; near it are vision.layers.",
        "--layer-decay 2 | --layer-decay expected in (0, 1], got 2.0",
        "--lora targets=q_proj --export peft | LoRA alone expected to be trained",
      })
  void stage2_wrongChoice_saysWhatIsRight(String both) throws IOException {
    String[] parts = both.split(" \\| ", 2);

    Shell shell = run("train stage2 --model " + OPT + " " + parts[0], captions(), "out");

    assertTrue(shell.exit() == 2 || shell.exit() == 1, shell.err());
    assertTrue(shell.err().contains(parts[1]), shell.err());
  }

  @Test
  void embed_imageSizeThatPatchesDoNotFill_exits2() throws IOException {
    Shell shell =
        Shell.run(
            "embed",
            "--kind",
            "patches",
            "--image-size",
            "50",
            "--model",
            STAGE_ONE.toString(),
            "--data",
            captions().toString(),
            "--images",
            OPT.resolve("images").toString(),
            "--out",
            folder.resolve("patches.safetensors").toString());

    assertEquals(
        new Shell(
            2,
            "",
            "blip2: vision: image size expected a multiple of the patches' 8 pixels, got 50\n"),
        shell);
  }

  @Test
  void stage1_storedFeatures_equalTheTowerInTheLoop() throws IOException {
    Path file = folder.resolve("patches.safetensors");
    Path images = OPT.resolve("images");
    Shell embed =
        Shell.run(
            "embed",
            "--kind",
            "patches",
            "--model",
            STAGE_ONE.toString(),
            "--data",
            captions().toString(),
            "--images",
            images.toString(),
            "--out",
            file.toString(),
            "--threads",
            "1",
            "--json");
    String train = "train stage1 --threads 1 --model " + STAGE_ONE;
    Shell looped = run(train, captions(), "loop");
    Shell stored = run(train + " --features " + file, captions(), "stored");
    Shell large = run(train + " --image-size 40 --features " + file, captions(), "large");
    Shell crops = run(train + " --augment --features " + file, captions(), "crops");
    Shell trained = run(train + " --train vision.* --features " + file, captions(), "trained");

    assertEquals(0, embed.exit(), embed.err());
    assertEquals(2, embed.document().get("images").getAsInt());
    assertEquals(0, stored.exit(), stored.err());
    assertEquals(looped.document().get("losses"), stored.document().get("losses"));
    assertEquals(1, large.exit());
    assertTrue(large.err().contains("expected of images of 40 pixels, got 32"), large.err());
    assertEquals(2, crops.exit());
    assertEquals(2, trained.exit());
  }
}
