package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The commands that generate text, given a folder with T5. */
final class T5CommandsTest {
  private static final Path FOLDER = Path.of("../blip2-llm/src/test/resources/golden/hf-t5");
  private static final String A = FOLDER.resolve("images/a.png").toString();
  private static final String B = FOLDER.resolve("images/b.png").toString();

  @Test
  void caption_ofAT5Folder_printsTextAlone() {
    assertEquals(
        new Shell(0, "a green cross\n", ""), Shell.run("caption", "--model", FOLDER.toString(), A));
  }

  @Test
  void caption_withBeams_returnsNewTokensOnly() {
    Shell shell =
        Shell.run(
            "caption",
            "--model",
            FOLDER.toString(),
            "--num-beams",
            "5",
            "--prompt",
            "a photo of",
            "--max-new-tokens",
            "12",
            "--json",
            A);

    assertEquals(List.of("a green cross"), shell.texts());
    assertEquals(
        "[3,5,3,28,40,9,37,1]", shell.firstSequence().getAsJsonArray("token_ids").toString());
    assertEquals(-0.23518, shell.firstSequence().get("score").getAsDouble(), 1e-4);
  }

  @Test
  void vqa_ofAT5Folder_printsTheAnswerAlone() {
    assertEquals(
        new Shell(0, "orange\n", ""),
        Shell.run("vqa", "--model", FOLDER.toString(), "--question", "what color is the star?", B));
  }
}
