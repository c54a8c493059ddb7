package io.github.blip2j.blip2.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.blip2.inference.GenerationSession;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.blip2.model.PromptLayout;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.llm.opt.OptModel;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.Side;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Images and words in one prompt, in any order. */
final class PromptTest {
  private static final GenerationConfig DECODING = GenerationConfig.greedy().maxNewTokens(8);
  private static final int IMAGE = 9;

  private static GenerationSession loaded;
  private static List<Image> images;

  @BeforeAll
  static void load() throws IOException {
    loaded = GenerationSession.load(Fixture.HF_OPT, Precision.FLOAT32);
    images = Fixture.images();
  }

  @AfterAll
  static void close() {
    loaded.close();
  }

  @Test
  void text_inPieces_isOneText() {
    Prompt prompt = Prompt.about(images.get(0), "a ").text("").text("photo").image(images.get(1));

    assertEquals("[image]a photo[image]", prompt.toString());
    assertEquals("a photo", prompt.text());
    assertEquals(List.of(images.get(0), images.get(1)), prompt.images());
    assertEquals(3, prompt.parts().size());
  }

  @Test
  void video_isItsFramesInARow() {
    assertEquals("[image][image][image]what?", Prompt.video(images, "what?").toString());
    assertEquals(
        3 * 32 + 2, read(Prompt.video(images, "a")).length(32), "32 places for each frame");
    assertEquals(
        "prompt: frames expected at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> Prompt.video(List.of(), ""))
            .getMessage());
  }

  @Test
  void layout_ofImagesAndWords_hasTheFirstTokenOnce() {
    assertArrayEquals(new int[] {2}, read(Prompt.about(images.get(0), "")).tokens());
    int[] plain = loaded.tokenizer().encodePlain("a photo");

    assertEquals("IB" + "ww", spelled(Prompt.about(images.get(0), "a photo")));
    assertEquals("IIB", spelled(Prompt.of(images.get(0)).image(images.get(1))));
    assertEquals("BwwI", spelled(Prompt.of("a photo").image(images.get(1))));
    assertEquals(
        "IBwwIIww",
        spelled(
            Prompt.about(images.get(0), "a photo")
                .image(images.get(1))
                .image(images.get(0))
                .text("a photo")));
    assertEquals(2, plain.length);
  }

  @Test
  void batch_leftPadded_padsBehindTheFirstImage() {
    var text =
        PromptBatch.ofLayouts(
            List.of(
                PromptLayout.afterImage(new int[] {2, 7}),
                PromptLayout.image()
                    .and(PromptLayout.tokens(new int[] {2, 7}))
                    .and(PromptLayout.image()),
                PromptLayout.tokens(new int[] {2}).and(PromptLayout.image())),
            1,
            Side.LEFT);

    assertEquals(4, text.images());
    assertEquals(8, text.positions(3));
    assertArrayEquals(new int[] {1, 1, 1, 0, 0, 0, 1, 1}, text.mask(3)[0]);
    assertArrayEquals(new int[] {1, 1, 1, 1, 1, 1, 1, 1}, text.mask(3)[1]);
    assertArrayEquals(new int[] {0, 0, 0, 0, 1, 1, 1, 1}, text.mask(3)[2]);
    assertArrayEquals(new int[] {IMAGE, IMAGE, IMAGE, 2, 7}, text.histories(IMAGE, 3).get(0));
    assertArrayEquals(
        new int[] {IMAGE, IMAGE, IMAGE, 2, 7, IMAGE, IMAGE, IMAGE},
        text.histories(IMAGE, 3).get(1));
    assertArrayEquals(new int[] {2, IMAGE, IMAGE, IMAGE}, text.histories(IMAGE, 3).get(2));
  }

  @Test
  void batch_rightPadded_padsAtTheEnd() {
    var text =
        PromptBatch.ofLayouts(
            List.of(
                PromptLayout.afterImage(new int[] {7, 1}),
                PromptLayout.image().and(PromptLayout.afterImage(new int[] {7, 1}))),
            0,
            Side.RIGHT);

    assertArrayEquals(new int[] {1, 1, 1, 1, 0, 0}, text.mask(2)[0]);
    assertArrayEquals(new int[] {1, 1, 1, 1, 1, 1}, text.mask(2)[1]);
  }

  @Test
  void generate_oneImage_equalsThePathOfFeatures() {
    try (var blip2 = bundled();
        ImageFeatures features = blip2.encode(images)) {
      List<String> words = List.of("", "a photo of", QuestionPrompt.ANSWER.ask("why?"));
      List<Prompt> prompts = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        prompts.add(Prompt.about(images.get(i), words.get(i)));
      }

      assertEquals(blip2.generate(features, words, DECODING), blip2.generate(prompts, DECODING));
    }
  }

  @Test
  void generate_interleaved_equalsPlainLoops() {
    try (var blip2 = bundled()) {
      for (Prompt prompt : awkward()) {
        Generated written = blip2.generate(prompt, DECODING).get(0);

        assertEquals(plainly(prompt), written.tokenIds(), prompt.toString());
      }
    }
  }

  @Test
  void generate_promptsOfDifferentImages_equalsOneByOne() {
    for (GenerationConfig decoding :
        List.of(
            DECODING, DECODING.repetitionPenalty(1.6), GenerationConfig.beams(3).maxNewTokens(6))) {
      try (var blip2 = bundled()) {
        List<List<Generated>> together = blip2.generate(awkward(), decoding);

        for (int i = 0; i < together.size(); i++) {
          Generated alone = blip2.generate(awkward().get(i), decoding).get(0);
          assertEquals(alone.tokenIds(), together.get(i).get(0).tokenIds(), decoding.toString());
          assertEquals(alone.score(), together.get(i).get(0).score(), 1e-4);
        }
      }
    }
  }

  @Test
  void generate_secondImage_changesTheText() {
    try (var blip2 = bundled()) {
      Prompt one = Prompt.about(images.get(0), "");
      Prompt two = Prompt.of(images.get(1)).image(images.get(0));

      assertEquals("a red circle", blip2.generate(one, DECODING).get(0).text());
      assertNotEquals(
          blip2.generate(one, DECODING).get(0).logProbabilities(),
          blip2.generate(two, DECODING).get(0).logProbabilities());
    }
  }

  @Test
  void generate_withoutImageOrTooLong_isRefused() {
    try (var blip2 = bundled()) {
      Prompt many = Prompt.of(images.get(0));
      for (int i = 0; i < 15; i++) {
        many = many.image(images.get(0));
      }
      Prompt tooMany = many;

      assertEquals(
          "generate: prompt of 1 tokens and 128 of the images exceed maxPositions=128; shorten the"
              + " prompt",
          assertThrows(IllegalArgumentException.class, () -> blip2.generate(tooMany, DECODING))
              .getMessage());
      assertEquals(
          "generate: prompt expected 1 image or more, got none in 'a photo'",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> blip2.generate(Prompt.of("a photo"), DECODING))
              .getMessage());
      assertEquals(
          "generate: prompts expected at least 1, got 0",
          assertThrows(IllegalArgumentException.class, () -> blip2.generate(List.of(), DECODING))
              .getMessage());
    }
  }

  private static List<Prompt> awkward() {
    return List.of(
        Prompt.about(images.get(0), "a photo of"),
        Prompt.about(images.get(0), "a photo of").image(images.get(1)).text(" and a"),
        Prompt.of("a photo of").image(images.get(2)),
        Prompt.of(images.get(2)).image(images.get(1)).image(images.get(2)),
        Prompt.of("a").image(images.get(1)).text(" photo of"));
  }

  /** Greedy decoding by whole passes over embeddings that are put together here. */
  private static List<Integer> plainly(Prompt prompt) {
    List<Integer> written = new ArrayList<>();
    var language = (OptModel) loaded.model().language();
    int end = loaded.endIds()[0];
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      List<Tensor> parts = new ArrayList<>();
      boolean begun = false;
      for (Prompt.Part part : prompt.parts()) {
        if (part instanceof Prompt.ImagePart picture) {
          Tensor pixels = loaded.pixels(List.of(picture.image()));
          parts.add(loaded.model().imagePrompt(pixels, ForwardPass.evaluation()));
        } else if (part instanceof Prompt.TextPart words) {
          int[] ids =
              begun
                  ? loaded.tokenizer().encodePlain(words.text())
                  : loaded.tokenizer().encode(words.text());
          begun = true;
          parts.add(language.embed(Tensor.ids(ids).reshape(1, ids.length)));
        }
      }
      if (!begun) {
        parts.add(language.embed(Tensor.ids(2).reshape(1, 1)));
      }
      while (written.size() < 8 && (written.isEmpty() || written.get(written.size() - 1) != end)) {
        Tensor x = Tensor.concat(1, parts);
        int[][] mask = new int[1][Math.toIntExact(x.dim(1))];
        Arrays.fill(mask[0], 1);
        Tensor hidden = language.forward(x, mask, null, ForwardPass.evaluation());
        float[] scores = language.logits(hidden.select(1, hidden.dim(1) - 1).copy()).toFloats();
        int best = 0;
        for (int id = 1; id < scores.length; id++) {
          best = scores[id] > scores[best] ? id : best;
        }
        written.add(best);
        parts.add(language.embed(Tensor.ids(best).reshape(1, 1)));
      }
    }
    return written;
  }

  private static PromptLayout read(Prompt prompt) {
    return loaded.prompts().layout(prompt);
  }

  /** I for an image, B for the token that begins, w for a word. */
  private static String spelled(Prompt prompt) {
    var spelled = new StringBuilder();
    for (int id : read(prompt).spread(1, -1)) {
      spelled.append(id == -1 ? 'I' : id == 2 ? 'B' : 'w');
    }
    return spelled.toString();
  }

  private static Blip2 bundled() {
    try {
      return Blip2.load(Fixture.HF_OPT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
