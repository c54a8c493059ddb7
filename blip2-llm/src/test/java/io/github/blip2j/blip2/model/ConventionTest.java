package io.github.blip2j.blip2.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.blip2.inference.GenerationSession;
import io.github.blip2j.blip2.inference.LavisGenerationConfigs;
import io.github.blip2j.blip2.text.Conversation;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.QuestionPrompt;
import io.github.blip2j.generation.BeamRules;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What changes when the same model runs as LAVIS would run it. */
final class ConventionTest {
  private static final double CLOSE = 1e-6;

  private static Blip2 blip2;
  private static GenerationSession loaded;
  private static List<Path> pictures;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.load(Fixture.HF_OPT);
    loaded = GenerationSession.load(Fixture.HF_OPT, Precision.FLOAT32);
    pictures = Fixture.pictures();
  }

  @AfterAll
  static void close() {
    blip2.close();
    loaded.close();
  }

  @Test
  void convention_ofAFolder_isHuggingFaceUntilChanged() {
    Blip2 lavis = blip2.withConvention(Convention.LAVIS);

    assertEquals(Convention.HF, blip2.convention());
    assertEquals(Convention.LAVIS, lavis.convention());
    assertEquals(Convention.HF, lavis.withConvention(Convention.HF).convention());
    assertEquals(GenerationConfig.greedy(), blip2.captionConfig());
    assertEquals(GenerationConfig.greedy(), blip2.answerConfig());
    assertEquals(LavisGenerationConfigs.caption(text()), lavis.captionConfig());
    assertEquals(LavisGenerationConfigs.answer(text()), lavis.answerConfig());
  }

  @Test
  void encodeImage_asLavis_normsWithItsEpsilon() throws IOException {
    Blip2Model lavis = loaded.model().withConvention(Convention.LAVIS);
    try (var scope = Scope.open()) {
      Tensor pixels = loaded.pixels(Fixture.images());
      float[] huggingFace = loaded.model().encodeImage(pixels, ForwardPass.evaluation()).toFloats();
      float[] ofLavis = lavis.encodeImage(pixels, ForwardPass.evaluation()).toFloats();
      float[] back =
          lavis
              .withConvention(Convention.HF)
              .encodeImage(pixels, ForwardPass.evaluation())
              .toFloats();

      // The norm has an epsilon of 1e-5 in place of 1e-6 and nothing else changes.
      assertEquals(1e-5, lavis.config().visionNormEps());
      assertEquals(1e-6, loaded.model().config().visionNormEps());
      assertArrayEquals(huggingFace, back);
      assertArrayEquals(huggingFace, ofLavis, 1e-3f);
      assertFalse(Arrays.equals(huggingFace, ofLavis));
    }
  }

  @Test
  void caption_asLavis_equalsItsBeams() throws IOException {
    Blip2 lavis = blip2.withConvention(Convention.LAVIS);
    for (Path picture : pictures) {
      GenerationConfig decoding = LavisGenerationConfigs.caption(text());

      assertEquals(
          lavis.generate(lavis.read(picture), "", decoding).get(0).text(),
          lavis.caption(lavis.read(picture)));
    }
    List<String> all = lavis.captions(images().stream().map(Image::of).toList());
    assertEquals(
        List.of("a red circle", lavis.caption(lavis.read(pictures.get(1)))), all.subList(0, 2));
  }

  @Test
  void answer_asLavis_cleansTheQuestion() throws IOException {
    Blip2 lavis = blip2.withConvention(Convention.LAVIS);
    Path picture = pictures.get(1);

    String plain = lavis.answer(lavis.read(picture), "what color is the star?");

    assertEquals(plain, lavis.answer(lavis.read(picture), "What (color) is; the STAR? "));
    assertEquals(
        lavis
            .generate(
                lavis.read(picture),
                lavis.questions().ask("what color is the star?"),
                LavisGenerationConfigs.answer(text()))
            .get(0)
            .text(),
        plain);
  }

  @Test
  void promptIds_asLavis_areCutToThirtyTwo() {
    String prompt = String.join(" ", Collections.nCopies(40, "a"));

    int[] cut = loaded.withConvention(Convention.LAVIS).prompts().ids(prompt);

    assertEquals(32, cut.length);
    assertEquals(41, loaded.prompts().ids(prompt).length);
    assertArrayEquals(Arrays.copyOf(loaded.prompts().ids(prompt), 32), cut);
    assertArrayEquals(
        loaded.prompts().ids("a photo"),
        loaded.withConvention(Convention.LAVIS).prompts().ids("a photo"));
    assertArrayEquals(new int[] {2}, loaded.withConvention(Convention.LAVIS).prompts().ids(""));
  }

  @Test
  void promptIds_ofT5AsLavis_areWhole() throws IOException {
    GenerationSession t5 = GenerationSession.load(Fixtures.own("hf-t5"), Precision.FLOAT32);
    try {
      GenerationSession lavis = t5.withConvention(Convention.LAVIS);
      Conversation talk = Conversation.empty().and("what is above the other?", "a red circle");
      QuestionPrompt questions = QuestionPrompt.SHORT_ANSWER;
      String prompt = questions.ask(talk, "what color is the other?");
      int[] ids = lavis.prompts().ids(prompt);

      assertTrue(ids.length > 32, "tokens " + ids.length);
      assertArrayEquals(t5.tokenizer().encode(prompt), ids);
      assertArrayEquals(new int[] {1}, lavis.prompts().ids(""));
    } finally {
      t5.close();
    }
  }

  @Test
  void generate_promptTooLongAsLavis_isCutToo() throws IOException {
    Blip2 lavis = blip2.withConvention(Convention.LAVIS);
    String cut = String.join(" ", Collections.nCopies(31, "a"));

    Generated ofCut =
        lavis.generate(lavis.read(pictures.get(0)), cut, GenerationConfig.greedy()).get(0);
    Generated ofLonger =
        lavis
            .generate(lavis.read(pictures.get(0)), cut + " red ring", GenerationConfig.greedy())
            .get(0);

    assertEquals(ofCut.tokenIds(), ofLonger.tokenIds());
    assertEquals(ofCut.textWithPrompt(), ofLonger.textWithPrompt());
  }

  @Test
  void repetitionPenalty_asLavis_seesNewTokensOnly() throws IOException {
    GenerationConfig decoding = GenerationConfig.greedy().repetitionPenalty(3).maxNewTokens(1);
    String prompt = "a photo of a red"; // of which the caption begins with "a red"

    Generated free =
        blip2.generate(blip2.read(pictures.get(0)), prompt, decoding.repetitionPenalty(1)).get(0);
    Generated lavis =
        blip2
            .withConvention(Convention.LAVIS)
            .generate(
                blip2.withConvention(Convention.LAVIS).read(pictures.get(0)), prompt, decoding)
            .get(0);
    Generated huggingFace =
        blip2.generate(blip2.read(pictures.get(0)), "a red a red", decoding).get(0);
    Generated unseen =
        blip2
            .withConvention(Convention.LAVIS)
            .generate(
                blip2.withConvention(Convention.LAVIS).read(pictures.get(0)),
                "a red a red",
                decoding)
            .get(0);

    assertEquals(free.tokenIds(), lavis.tokenIds());
    assertNotEquals(unseen.tokenIds(), huggingFace.tokenIds());
  }

  @Test
  void lengthPenalty_asLavis_countsTheBeginButNotTheEnd() throws IOException {
    GenerationConfig sum =
        GenerationConfig.beams(3).lengthPenalty(0).beamRules(BeamRules.TRANSFORMERS_4_33);
    Blip2 lavis = blip2.withConvention(Convention.LAVIS);

    Generated summed = lavis.generate(lavis.read(pictures.get(0)), "", sum).get(0);
    Generated mean = lavis.generate(lavis.read(pictures.get(0)), "", sum.lengthPenalty(1)).get(0);

    assertEquals("a red circle", summed.text());
    assertEquals(summed.tokenIds(), mean.tokenIds());
    // Three words and an end: one id that it began with, and three before the end.
    int n = summed.tokenIds().size();
    assertEquals(summed.score() / n, mean.score(), CLOSE);
  }

  private static LanguageConfig text() {
    return blip2.model().config().text();
  }

  private static List<BufferedImage> images() throws IOException {
    List<BufferedImage> images = new ArrayList<>();
    for (Path picture : pictures) {
      images.add(Objects.requireNonNull(ImageIO.read(picture.toFile())));
    }
    return images;
  }
}
