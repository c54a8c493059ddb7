package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.inference.LavisGenerationConfigs;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.llm.t5.T5Config;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The facade with an InstructBLIP behind it, used as meant and otherwise. */
final class InstructBlipTest {
  private static final Path PICTURE = InstructFolder.OWN.resolve("images/a.png");
  private static final String DESCRIBE = "describe the picture";
  private static final String ASK = "what color is the ring?";
  private static final GenerationConfig SHORT = GenerationConfig.greedy().maxNewTokens(14);

  private static Blip2 blip2;
  private static Image picture;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.load(InstructFolder.OWN);
    picture = blip2.read(PICTURE);
  }

  @AfterAll
  static void close() {
    blip2.close();
  }

  @Test
  void generate_underAnInstruction_followsIt() {
    assertEquals("a purple star to the ri", blip2.generate(picture, DESCRIBE, SHORT).get(0).text());
    assertNotEquals(
        blip2.generate(picture, DESCRIBE, SHORT).get(0).text(),
        blip2.generate(picture, ASK, SHORT).get(0).text());
  }

  @Test
  void captionAndAnswer_ofFileAndImage_arePromptsOfTheirOwn() throws IOException {
    BufferedImage image = ImageIO.read(PICTURE.toFile());
    String nothing = blip2.generate(picture, "", GenerationConfig.greedy()).get(0).text();

    assertEquals(nothing, blip2.caption(blip2.read(PICTURE)));
    assertEquals(
        List.of(nothing, nothing),
        blip2.captions(List.of(image, image).stream().map(Image::of).toList()));
    assertEquals(blip2.answer(blip2.read(PICTURE), ASK), blip2.answer(image, ASK));
    assertNotEquals(nothing, blip2.answer(image, ASK));
  }

  @Test
  void stream_pieces_joinToTheText() throws IOException {
    var pieces = new StringBuilder();

    Generated text =
        blip2.stream(Image.of(ImageIO.read(PICTURE.toFile())), DESCRIBE, SHORT, pieces::append);

    assertEquals("a purple star to the ri", text.text());
    assertEquals(text.text(), pieces.toString());
  }

  @Test
  void features_askedOften_giveBackAllMemory() {
    long used = TensorMemory.usedBytes();
    try (ImageFeatures features = blip2.encode(List.of(picture))) {
      String first = blip2.generate(features, List.of(DESCRIBE), SHORT).get(0).get(0).text();
      long held = TensorMemory.usedBytes();

      blip2.generate(features, List.of(ASK, DESCRIBE, ""), SHORT);

      assertEquals(first, blip2.generate(features, List.of(DESCRIBE), SHORT).get(0).get(0).text());
      assertEquals(held, TensorMemory.usedBytes());
    }
    assertEquals(used, TensorMemory.usedBytes());
  }

  @Test
  void encodeQueries_ofOneImageForAll_equalsEachAlone() {
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      ForwardPass pass = ForwardPass.evaluation();
      Blip2Model model = blip2.model();
      Tensor image = model.encodeImage(blip2.pixels(List.of(picture)), pass);
      TextBatch read = blip2.instructions(List.of(DESCRIBE, ASK));

      Tensor together = model.encodeQueries(image, read, pass);
      Tensor alone = model.encodeQueries(image, blip2.instructions(List.of(ASK)), pass);

      float[] expected = alone.toFloats();
      float[] actual = together.narrow(0, 1, 1).toFloats();
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], actual[i], 1e-5f);
      }
    }
  }

  @Test
  void generate_ofManyPrompts_equalsEachAlone() throws IOException {
    Image other = blip2.read(InstructFolder.OWN.resolve("images/b.png"));
    List<Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < 10; i++) { // more than a batch, pictures in turn
      prompts.add(Prompt.about(i % 2 == 0 ? picture : other, i < 5 ? ASK : DESCRIBE));
    }
    prompts.add(Prompt.of(picture).text("this is not like ").image(other));

    List<List<Generated>> together = blip2.generate(prompts, SHORT);

    for (int i = 0; i < prompts.size(); i++) {
      assertEquals(
          blip2.generate(prompts.get(i), SHORT).get(0).tokenIds(),
          together.get(i).get(0).tokenIds(),
          prompts.get(i).toString());
    }
  }

  @Test
  void features_queriesAndPrompt_sayWhatTheyWaitFor() {
    try (ImageFeatures features = blip2.encode(List.of(picture))) {
      String message =
          "features: %s expected of a model that takes no instruction, got InstructBLIP's; use"
              + " model().encodeQueries(patches, instructions, pass)";
      assertEquals(1, features.size());
      assertEquals(1, features.patches().dim(0));
      assertSays(
          IllegalStateException.class,
          String.format(Locale.ROOT, message, "queries"),
          features::queries);
      assertSays(
          IllegalStateException.class,
          String.format(Locale.ROOT, message, "prompt"),
          features::prompt);
    }
  }

  @Test
  void generate_blankInstruction_isRefused() {
    assertSays(
        IllegalArgumentException.class,
        "generate: instruction expected text or the empty text, got a blank",
        () -> blip2.generate(picture, " \n", SHORT));
  }

  @Test
  void generate_instructionBeyondPositions_isRefused() {
    assertSays(
        IllegalArgumentException.class,
        "generate: instruction expected at most 64 tokens of the Q-Former, got 65; shorten it",
        () -> blip2.generate(picture, "?".repeat(63), SHORT));
    assertEquals(
        14,
        blip2.generate(picture, "?".repeat(62), SHORT.minNewTokens(14)).get(0).tokenIds().size());
  }

  @Test
  void instructions_asLavisReadsThem_areCutFromTheLeft() {
    Blip2 lavis = blip2.withConvention(Convention.LAVIS);
    try (var scope = Scope.open()) {
      TextBatch whole = blip2.instructions(List.of("?".repeat(61) + "!"));
      TextBatch cut = lavis.instructions(List.of("a ".repeat(9) + "?".repeat(61) + "!"));

      assertEquals(64, cut.length());
      assertArrayEquals(whole.ids().toLongs(), cut.ids().toLongs());
    }
  }

  @Test
  void decodings_asLavis_areThoseOfInstructions() {
    Blip2 lavis = blip2.withConvention(Convention.LAVIS);

    assertEquals(LavisGenerationConfigs.instruction(T5Config.flanT5Xl()), lavis.captionConfig());
    assertEquals(
        LavisGenerationConfigs.instructionAnswer(T5Config.flanT5Xl()), lavis.answerConfig());
    assertEquals(GenerationConfig.greedy(), blip2.captionConfig());
    assertEquals(GenerationConfig.greedy(), blip2.answerConfig());
  }

  @Test
  void encodeQueries_withoutInstruction_isRefused() {
    try (ImageFeatures features = blip2.encode(List.of(picture))) {
      assertSays(
          IllegalStateException.class,
          "qformer: instruction expected by InstructBLIP, got none; give one, or the empty text",
          () -> blip2.model().encodeQueries(features.patches(), ForwardPass.evaluation()));
    }
  }

  @Test
  void instructions_ofAnotherModel_areRefused() throws IOException {
    try (var plain = Blip2.load(Fixture.HF_OPT);
        ImageFeatures features = plain.encode(Fixture.images());
        var scope = Scope.open()) {
      TextBatch read = blip2.instructions(List.of(ASK, ASK, ASK));
      assertSays(
          IllegalArgumentException.class,
          "generate: features expected of this model, got another's; encode the images with it",
          () -> blip2.generate(features, List.of(ASK, ASK, ASK), SHORT));
      assertSays(
          IllegalStateException.class,
          "instructions: InstructBLIP expected, got a model whose Q-Former takes none",
          () -> plain.instructions(List.of(ASK)));
      assertSays(
          IllegalStateException.class,
          "qformer: instruction expected by InstructBLIP only, got one for a Q-Former of queries"
              + " only",
          () -> plain.model().encodeQueries(features.patches(), read, ForwardPass.evaluation()));
    }
  }

  private static void assertSays(
      Class<? extends RuntimeException> type, String message, Executable call) {
    assertEquals(message, assertThrows(type, call).getMessage());
  }
}
