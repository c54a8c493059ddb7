package io.github.blip2j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ExamplesTest {
  @FunctionalInterface
  private interface Program {
    void run(String... args) throws IOException;
  }

  @Test
  void captionImage_drawnScene_printsCaption() throws Exception {
    assertEquals("a red circle\n", printed(CaptionImage::main, image("a.png")));
  }

  @Test
  void answerQuestion_drawnScene_printsAnswer() throws Exception {
    String answer = printed(AnswerQuestion::main, image("b.png"), "what color is the star?");

    assertEquals("yellow\n", answer);
  }

  @Test
  void tour_drawnScene_printsCaptionAnswerAndBeams() throws Exception {
    String expected =
        """
        a yellow square to the left of a green square
        yellow
        a photo of a yellow square to the left of a green square
        a photo of a yellow square to the right of a green square
        a photo of a yellow square below a green square
        """;

    assertEquals(expected, printed(Tour::main, image("b.png")));
  }

  @Test
  void trainStage1_fourPairs_printsLossesAndWritesAFolder(@TempDir Path folder) throws Exception {
    Path model = Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "lavis-stage1");
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      lines.add("{\"image\": \"%d.png\", \"caption\": \"a star\"}".formatted(i));
    }
    Path captions = Files.write(folder.resolve("captions.jsonl"), lines);
    Path output = folder.resolve("run");

    String printed =
        printed(
            TrainStage1::main,
            model.toString(),
            captions.toString(),
            model.resolve("images").toString(),
            output.toString());

    assertTrue(
        printed.matches(
            "step 1: \\{loss=\\S+, loss_itc=\\S+, loss_itm=\\S+, loss_itg=\\S+\\}\nstep 2: .+\n"),
        printed);
    assertTrue(Files.exists(output.resolve("hf").resolve("model.safetensors")));
  }

  private static String image(String name) throws URISyntaxException {
    return Path.of(ExamplesTest.class.getResource("/images/" + name).toURI()).toString();
  }

  private static String printed(Program program, String... args) throws IOException {
    PrintStream before = System.out;
    var bytes = new ByteArrayOutputStream();
    System.setOut(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    try {
      program.run(args);
    } finally {
      System.setOut(before);
    }
    return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
  }
}
