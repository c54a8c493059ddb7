package io.github.blip2j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.vision.image.Image;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ExamplesTest {
  private static final String MODEL = "../blip2-llm/src/test/resources/golden/hf-itm";
  private static final String IMAGES = MODEL + "/images";
  private static final String OPT = "../blip2-llm/src/test/resources/golden/hf-opt";
  private static final String SCENE = "src/main/resources/scene.png";
  private static final String TEXT = "a red circle above a blue square";

  @FunctionalInterface
  private interface Program {
    void run(String... args) throws IOException;
  }

  @Test
  void captionImage_drawnScene_printsCaption() throws Exception {
    assertEquals("a red circle\n", printed(CaptionImage::main, image("a.png"), OPT));
  }

  @Test
  void answerQuestion_drawnScene_printsAnswer() throws Exception {
    String answer = printed(AnswerQuestion::main, image("b.png"), "what color is the star?", OPT);

    assertEquals("yellow\n", answer);
  }

  @Test
  void answerQuestion_followUps_printsAnAnswerToEach() throws Exception {
    String question = "what color is the star?";

    String answers = printed(AnswerQuestion::main, image("b.png"), question, OPT, "why?", "a?");

    assertTrue(answers.startsWith("yellow\n"), answers);
    assertEquals(3, answers.lines().count(), answers);
  }

  @Test
  void rankAnswers_numbers_printsTheAnswerFirst() throws Exception {
    String printed =
        printed(
            RankAnswers::main,
            SCENE,
            "how many christmas trees are there?",
            "two",
            "four",
            "three");

    List<String> lines = printed.lines().toList();
    assertEquals(3, lines.size());
    assertTrue(lines.get(0).matches("-0\\.\\d{3} four"), printed);
  }

  @Test
  void extractFeatures_folder_writesThem(@TempDir Path folder) throws Exception {
    Path out = folder.resolve("f.safetensors");

    assertEquals(
        "3 of 3 images in f.safetensors\n",
        printed(ExtractFeatures::main, MODEL, IMAGES, out.toString()));
    assertTrue(Files.size(out) > 3 * (8 * 48 + 24) * Float.BYTES);
  }

  @Test
  void tour_drawnScene_printsCaptionAnswerAndBeams() throws Exception {
    String expected =
        """
        four christmas trees
        four
        four christmas trees
        four christmas tree
        four leafless trees
        """;

    assertEquals(expected, printed(Tour::main, SCENE));
  }

  @Test
  void trainStage1_fourPairs_printsLossesAndWritesAFolder(@TempDir Path folder) throws Exception {
    Path model = Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "lavis-stage1");
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      lines.add(String.format(Locale.ROOT, "{\"image\": \"%d.png\", \"caption\": \"a star\"}", i));
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

  @Test
  void trainStage2_threePairs_printsLossesAndWritesAFolder(@TempDir Path folder) throws Exception {
    Path model = Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "hf-opt");
    List<String> lines = new ArrayList<>();
    for (String picture : List.of("a", "b", "c")) {
      lines.add(
          String.format(Locale.ROOT, "{\"image\": \"%s.png\", \"caption\": \"a star\"}", picture));
    }
    Path captions = Files.write(folder.resolve("captions.jsonl"), lines);
    Path output = folder.resolve("run");

    String printed =
        printed(
            TrainStage2::main,
            model.toString(),
            captions.toString(),
            model.resolve("images").toString(),
            output.toString());

    assertTrue(printed.matches("step 1: \\{loss=\\S+\\}\nstep 2: \\{loss=\\S+\\}\n"), printed);
    Path trained = output.resolve("hf");
    assertTrue(Files.exists(trained.resolve("model.safetensors")));
    assertTrue(
        likelihood(trained, "a star") > likelihood(model, "a star"),
        "what it was trained to write expected to be likelier than before");
  }

  @Test
  void matchImageText_trainedTexts_printsBothScores() throws Exception {
    String printed = printed(MatchImageText::main, MODEL, IMAGES + "/a.png", TEXT, "a green star");

    assertEquals("0.536 0.806 " + TEXT + "\n-0.850 0.001 a green star\n", printed);
  }

  @Test
  void searchImages_folder_printsTheBest() throws Exception {
    assertEquals(
        "1.537 a.png\n-2.306 c.png\n-4.759 b.png\n",
        printed(SearchImages::main, MODEL, IMAGES, TEXT));
  }

  @Test
  void searchPhotos_folder_printsThePhotosBySimilarity(@TempDir Path index) throws Exception {
    String printed = printed(SearchPhotos::main, MODEL, IMAGES, index + "/index", TEXT);

    List<String> lines = printed.lines().toList();
    assertEquals(3, lines.size(), printed);
    assertTrue(lines.get(0).compareTo(lines.get(1)) >= 0, printed);
    assertTrue(lines.get(1).compareTo(lines.get(2)) >= 0, printed);
  }

  @Test
  void extractFeatures_imageAndText_printsShapes() throws Exception {
    String expected =
        """
        patches: [1, 37, 64]
        image: [1, 8, 48]
        image, compared: [1, 8, 24]
        image, as one vector: 24
        text, every token: [1, 9, 48]
        text, compared: [1, 9, 24]
        both: [1, 8, 48]
        """;

    assertEquals(expected, printed(ExtractFeatures::main, MODEL, IMAGES + "/a.png", TEXT));
  }

  /** Of a text about the first picture. */
  private static double likelihood(Path folder, String text) throws IOException {
    try (Blip2 blip2 = Blip2.load(folder)) {
      BufferedImage picture =
          ImageIO.read(Path.of(MODEL).resolve("images").resolve("a.png").toFile());
      return blip2.score(Image.of(picture), "", text).sum();
    }
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
