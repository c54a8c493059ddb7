package io.github.blip2j.cli.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code create}, {@code train vision} and {@code train language}, up to both stages. */
final class PartCommandsTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden");
  private static final Path SCENES = GOLDEN.resolve("lavis-stage1");
  private static final Path LANGUAGE = GOLDEN.resolve("hf-opt");
  private static final List<String> CAPTIONS =
      List.of("a purple cross", "a red star", "a green circle", "two white stars");

  private final Path folder;

  PartCommandsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void chainFromNothing_endsInAModelThatWrites() throws IOException {
    createParts();
    assertEquals(0, vision("tower", "--max-steps", "2").exit());
    assertEquals(0, language("words", "--max-steps", "2").exit());
    Shell first =
        Shell.run(
            stage(
                "stage1",
                "--vision",
                path("tower/vision"),
                "--bert",
                path("bert"),
                "--queries",
                "4",
                "--export",
                "blip2j"));
    assertEquals(0, first.exit(), first.err());
    Shell second =
        Shell.run(
            stage(
                "stage2",
                "--stage1",
                path("stage1/blip2j"),
                "--language",
                path("words/language"),
                "--export",
                "hf"));
    assertEquals(0, second.exit(), second.err());

    Shell said =
        Shell.run(
            "caption", "--model", path("stage2/hf"), SCENES.resolve("images/0.png").toString());

    assertEquals(0, said.exit(), said.err());
  }

  @Test
  void language_stoppedAndResumed_endsAsOneRun() throws IOException {
    createParts();
    language("whole", "--max-steps", "4");
    language("parts", "--max-steps", "2");
    language("parts", "--max-steps", "4", "--resume");

    assertArrayEquals(weights("whole/language"), weights("parts/language"));
  }

  @Test
  void vision_stoppedAndResumed_endsAsOneRun() throws IOException {
    createParts();
    vision("whole", "--max-steps", "3");
    vision("parts", "--max-steps", "1");
    vision("parts", "--max-steps", "3", "--resume");

    assertArrayEquals(weights("whole/vision"), weights("parts/vision"));
  }

  @Test
  void folderOfAPart_saysHowItWasMade_andAResumeWhatChanged() throws IOException {
    createParts();
    vision("tower", "--max-steps", "1");
    language("words", "--max-steps", "2");
    Shell resumed = language("words", "--max-steps", "4", "--lr", "0.002", "--resume");

    assertTrue(resumed.err().contains("--lr"), resumed.err());
    for (String part : List.of("tower", "words")) {
      assertTrue(Files.exists(folder.resolve(part + "/curves.html")), part);
      assertTrue(Files.exists(folder.resolve(part + "/tensorboard")), part);
    }
    assertTrue(Files.readString(folder.resolve("tower/run.json")).contains("train vision"));
    String told = Files.readString(folder.resolve("words/run.json"));
    assertTrue(told.contains("pages.jsonl"), told);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "create tower x --config c | kind expected vision, bert or language, got tower",
        "create vision x --config c --tokenizer t | create vision: --tokenizer expected for bert and"
            + " language only",
        "create bert x --config c | create bert: --tokenizer expected with the part's words, got"
            + " none",
        "train language --model m --data d --out o --export hf | --export expected for stage1 and"
            + " stage2 only; a part is written by itself",
        "train vision --model m --sentences s --data d --images i --out o --space 0 | --space: width"
            + " expected at least 1, got 0"
      })
  void wrongUsage_isNamed(String line, String message) {
    Shell run = Shell.run(line.split(" "));

    assertEquals(2, run.exit());
    assertTrue(run.err().contains(message), run.err());
  }

  @Test
  void jarWithoutABert_isNamed() {
    Shell run = Shell.run("import", path("none.jar"), path("out"));

    assertEquals(1, run.exit());
    assertEquals(
        "blip2: " + path("none.jar") + ": jar with a BERT expected, got no file; check the path\n",
        run.err());
  }

  private void createParts() throws IOException {
    String tower =
        """
        {"model_type": "blip_2_vision_model", "hidden_size": 16, "intermediate_size": 24,
         "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
        """;
    String bert =
        """
        {"model_type": "bert", "hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 1,
         "num_attention_heads": 2, "max_position_embeddings": 64}
        """;
    String opt =
        """
        {"model_type": "opt", "hidden_size": 16, "ffn_dim": 24, "num_hidden_layers": 1,
         "num_attention_heads": 2, "word_embed_proj_dim": 16, "max_position_embeddings": 64}
        """;
    create("vision", "drawn", tower);
    create("bert", "bert", bert, "--tokenizer", SCENES.toString());
    create("language", "opt", opt, "--tokenizer", LANGUAGE.toString());
    StringBuilder captions = new StringBuilder();
    StringBuilder pages = new StringBuilder();
    for (int i = 0; i < CAPTIONS.size(); i++) {
      captions.append("{\"image\": \"").append(i).append(".png\", \"caption\": \"");
      captions.append(CAPTIONS.get(i)).append("\"}\n");
      pages.append("{\"text\": \"").append(CAPTIONS.get(i)).append("\\n\"}\n");
    }
    Files.writeString(folder.resolve("captions.jsonl"), captions);
    Files.writeString(folder.resolve("pages.jsonl"), pages);
  }

  private void create(String kind, String name, String config, String... more) throws IOException {
    Path file = Files.writeString(folder.resolve(name + ".json"), config);
    List<String> args =
        new ArrayList<>(List.of("create", kind, path(name), "--config", file.toString()));
    args.addAll(List.of(more));
    Shell run = Shell.run(args.toArray(String[]::new));
    assertEquals("wrote " + path(name) + "\n", run.out(), run.err());
  }

  private Shell vision(String out, String... more) {
    return run(
        more,
        "train",
        "vision",
        "--model",
        path("drawn"),
        "--sentences",
        path("bert"),
        "--data",
        path("captions.jsonl"),
        "--images",
        SCENES.resolve("images").toString(),
        "--space",
        "8",
        "--batch-size",
        "2",
        "--out",
        path(out));
  }

  private Shell language(String out, String... more) {
    return run(
        more,
        "train",
        "language",
        "--model",
        path("opt"),
        "--data",
        path("pages.jsonl"),
        "--batch-size",
        "2",
        "--max-text-tokens",
        "16",
        "--out",
        path(out));
  }

  private static Shell run(String[] more, String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of(more));
    Shell run = Shell.run(all.toArray(String[]::new));
    assertEquals(0, run.exit(), run.err());
    return run;
  }

  private String[] stage(String name, String... more) {
    List<String> args = new ArrayList<>(List.of("train", name));
    args.addAll(List.of(more));
    args.addAll(
        List.of(
            "--captions",
            path("captions.jsonl"),
            "--images",
            SCENES.resolve("images").toString(),
            "--batch-size",
            "2",
            "--max-steps",
            "1",
            "--out",
            path(name)));
    return args.toArray(String[]::new);
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private byte[] weights(String name) throws IOException {
    return Files.readAllBytes(folder.resolve(name).resolve("model.safetensors"));
  }
}
