package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Commands that write, with an InstructBLIP. */
final class InstructBlipCommandTest {
  private static final String MODEL = "../blip2-llm/src/test/resources/golden/hf-instructblip";
  private static final String PICTURE = MODEL + "/images/a.png";

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

    String message = "generate: instruction expected words, or nothing at all, got a blank";
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
}
