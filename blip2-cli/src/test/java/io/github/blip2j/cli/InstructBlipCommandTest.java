package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that generate text and train, with an InstructBLIP. */
final class InstructBlipCommandTest {
  private static final String MODEL = "../blip2-llm/src/test/resources/golden/hf-instructblip";
  private static final String PICTURE = MODEL + "/images/a.png";

  private final Path folder;

  InstructBlipCommandTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void caption_underAnInstruction_isTheReferences() {
    Shell shell =
        Shell.run(
            "caption",
            PICTURE,
            "--model",
            MODEL,
            "--prompt",
            "describe the picture",
            "--max-new-tokens",
            "14",
            "--num-beams",
            "5");

    assertEquals(new Shell(0, "a purple star below\n", ""), shell);
  }

  @Test
  void vqa_withTheQuestionAlone_isTheReferences() {
    Shell shell =
        Shell.run(
            "vqa",
            MODEL + "/images/b.png",
            "--model",
            MODEL,
            "--question",
            "what color is the ring?",
            "--prompt",
            "{}",
            "--json");

    assertEquals(List.of("yellow"), shell.texts());
  }

  @Test
  void caption_blankInstruction_saysSo() {
    Shell shell = Shell.run("caption", PICTURE, "--model", MODEL, "--prompt", "  ");

    String message = "generate: instruction expected text or the empty text, got a blank";
    assertEquals(new Shell(1, "", "blip2: " + message + "\n"), shell);
  }

  @Test
  void embed_whatDependsOnWords_saysWhatThereIs() {
    Shell shell =
        Shell.run(
            "embed", PICTURE, "--model", MODEL, "--kind", "queries", "--out", "x.safetensors");

    String message = "embed: feature expected of [patches], which this model has, got queries";
    assertEquals(new Shell(1, "", "blip2: " + message + "\n"), shell);
  }

  @Test
  void caption_partsOfLavis_areTheReferences() throws IOException {
    Shell shell = parts("caption", PICTURE, "--prompt=describe the picture", "--convention=hf");

    assertEquals(new Shell(0, "a purple star below\n", ""), shell);
  }

  @Test
  void vqa_partsOfLavis_answerAsItDoes() throws IOException {
    String picture = MODEL + "/images/b.png";

    Shell shell =
        parts("vqa", picture, "--question=What color is the ring?", "--prompt={}", "--json");

    // Transformers too prefers this to yellow, which is longer, at a length penalty of -1.
    assertEquals(List.of("black"), shell.texts());
    assertEquals(
        "what color is the ring?",
        shell
            .json()
            .getAsJsonArray("results")
            .get(0)
            .getAsJsonObject()
            .get("prompt")
            .getAsString());
  }

  @Test
  void caption_partsWithoutABert_saysSo() throws IOException {
    Path trained = LavisParts.trained(Path.of(MODEL), folder);

    Shell shell =
        Shell.run(
            "caption",
            PICTURE,
            "--model=" + trained,
            "--language=" + LavisParts.language(Path.of(MODEL), folder),
            "--vision=" + MODEL);

    String message =
        trained
            + ": tokenizer.json of the Q-Former's BERT expected, got none; name a folder of"
            + " bert-base-uncased, or of an InstructBLIP";
    assertEquals(new Shell(1, "", "blip2: " + message + "\n"), shell);
  }

  @Test
  void convert_partsOfLavis_makeAFolder() throws IOException {
    Path hf = folder.resolve("hf");
    Path trained = LavisParts.trained(Path.of(MODEL), folder);

    Shell convert =
        Shell.run(
            "convert",
            "--from=lavis",
            "--language=" + LavisParts.language(Path.of(MODEL), folder),
            "--vision=" + MODEL,
            "--bert=" + MODEL,
            trained.toString(),
            hf.toString());
    Shell caption =
        Shell.run(
            "caption",
            PICTURE,
            "--model=" + hf,
            "--prompt=describe the picture",
            "--num-beams=5",
            "--max-new-tokens=14");

    assertEquals(new Shell(0, hf + ": 206 tensors\n", ""), convert);
    assertEquals(new Shell(0, "a purple star below\n", ""), caption);
  }

  @Test
  void stage2_stoppedAndResumed_endsAsOneRunThatCaptions() throws IOException {
    Shell whole = train("whole", "--max-steps=5", "--export=lavis-trained,hf", "--json");
    Shell first = train("parts", "--max-steps=2");
    Shell second = train("parts", "--max-steps=5", "--resume", "--json");

    assertEquals(0, first.exit(), first.err());
    assertEquals(whole.document().get("losses"), second.document().get("losses"));
    String last = "step-00000005.safetensors";
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("whole").resolve(last)),
        Files.readAllBytes(folder.resolve("parts").resolve(last)));
    assertTrue(Files.exists(folder.resolve("whole/lavis-trained/checkpoint.pth")));
    Shell caption =
        Shell.run(
            "caption",
            PICTURE,
            "--model=" + folder.resolve("whole/hf"),
            "--prompt=describe the picture");
    assertEquals(0, caption.exit(), caption.err());
  }

  @Test
  void stage2_withEveryOption_trains() throws IOException {
    Shell shell =
        train(
            "options",
            "--max-steps=1",
            "--prompt=a short image description",
            "--max-text-tokens=20",
            "--max-output-tokens=30",
            "--no-language-dropout",
            "--train-vision",
            "--image-size=48",
            "--dtype=bfloat16",
            "--recompute",
            "--prefix-split",
            "--augment",
            "--export=hf");

    assertEquals(0, shell.exit(), shell.err());
    assertTrue(
        Files.readString(folder.resolve("options/hf/preprocessor_config.json"))
            .contains("InstructBlipProcessor"));
  }

  private Shell parts(String... args) throws IOException {
    List<String> all = new ArrayList<>(List.of(args));
    all.add("--model=" + LavisParts.trained(Path.of(MODEL), folder));
    all.add("--language=" + LavisParts.language(Path.of(MODEL), folder));
    all.add("--vision=" + MODEL);
    all.add("--bert=" + MODEL + "/qformer_tokenizer");
    all.add("--num-beams=5");
    all.add("--max-new-tokens=14");
    return Shell.run(all.toArray(String[]::new));
  }

  private Shell train(String out, String... more) throws IOException {
    Path data =
        Files.write(
            folder.resolve("questions.jsonl"),
            List.of(
                "{\"image\": \"a.png\", \"text_input\": \"describe the picture\","
                    + " \"text_output\": \"a purple triangle\"}",
                "{\"image\": \"b.png\", \"text_input\": \"what color is the ring?\","
                    + " \"text_output\": \"blue\"}",
                "{\"image\": \"c.png\", \"caption\": \"a star\"}"));
    List<String> args =
        new ArrayList<>(
            List.of(
                "train",
                "stage2",
                "--model=" + MODEL,
                "--captions=" + data,
                "--images=" + MODEL + "/images",
                "--out=" + folder.resolve(out),
                "--log-every=1",
                "--batch-size=2"));
    args.addAll(List.of(more));
    return Shell.run(args.toArray(String[]::new));
  }
}
