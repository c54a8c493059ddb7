package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonNull;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.QuestionPrompt;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import io.github.blip2j.vision.image.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the facade does when it is used as meant. */
final class Blip2Test {
  private static final List<String> CAPTIONS =
      List.of(
          "a red circle",
          "a yellow square to the left of a green square",
          "a green triangle to the left of a white ring");
  private static final String STAR = "what color is the star?";

  private static Blip2 blip2;
  private static List<Path> pictures;

  @TempDir Path folder;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.load(Fixture.HF_OPT);
    pictures = Fixture.pictures();
  }

  @AfterAll
  static void close() {
    blip2.close();
  }

  @Test
  void caption_ofEachPicture_equalsReference() throws IOException {
    for (int i = 0; i < pictures.size(); i++) {
      assertEquals(CAPTIONS.get(i), blip2.caption(blip2.read(pictures.get(i))));
      assertEquals(CAPTIONS.get(i), blip2.caption(buffered(i)));
    }
  }

  @Test
  void captions_ofMoreThanABatch_equalOneByOne() throws IOException {
    List<BufferedImage> images = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      images.add(buffered(i % 3));
      expected.add(CAPTIONS.get(i % 3));
    }

    assertEquals(expected, blip2.captions(images.stream().map(Image::of).toList()));
    assertEquals(List.of(), blip2.captions(List.of()));
  }

  @Test
  void answer_ofFileAndImage_isTheAnswerAlone() throws IOException {
    assertEquals("yellow", blip2.answer(blip2.read(pictures.get(1)), STAR));
    assertEquals("yellow", blip2.answer(buffered(1), "  " + STAR + "\n"));
  }

  @Test
  void generate_withPrompt_keepsTheTwoTextsApart() throws IOException {
    Generated written =
        blip2
            .generate(
                blip2.read(pictures.get(0)),
                "a photo of",
                GenerationConfig.greedy().maxNewTokens(12))
            .get(0);

    assertEquals("a red circle", written.text());
    assertEquals("a photo of a red circle", written.textWithPrompt());
    assertEquals(written.tokenIds().size(), written.logProbabilities().size());
    assertTrue(written.ended());
    assertEquals("other", written.withText("other").text());
    assertEquals(written, written.withText("other").withText("a red circle"));
  }

  @Test
  void generate_threeOfFourBeams_equalReference() throws IOException {
    GenerationConfig decoding = GenerationConfig.beams(4).maxNewTokens(12).numReturnSequences(3);

    List<Generated> written = blip2.generate(blip2.read(pictures.get(0)), "", decoding);

    assertEquals(
        List.of("a red circle", "a red square", "a red cross"),
        written.stream().map(Generated::text).toList());
    assertTrue(written.get(0).score() >= written.get(1).score());
    assertTrue(written.get(1).score() >= written.get(2).score());
  }

  @Test
  void generate_sampled_repeatsForASeedAndVariesWithIt() throws IOException {
    GenerationConfig decoding = GenerationConfig.sample().temperature(3).maxNewTokens(12);

    List<Generated> first = blip2.generate(blip2.read(pictures.get(0)), "", decoding.seed(1));
    List<Generated> again = blip2.generate(blip2.read(pictures.get(0)), "", decoding.seed(1));
    List<Generated> other = blip2.generate(blip2.read(pictures.get(0)), "", decoding.seed(2));

    assertEquals(first, again);
    assertNotEquals(first, other);
  }

  @Test
  void generate_onePictureManyPrompts_equalsSeparateCalls() throws IOException {
    List<String> prompts = List.of("", "a photo of", QuestionPrompt.ANSWER.ask(STAR));
    GenerationConfig decoding = GenerationConfig.greedy().maxNewTokens(12);

    List<List<Generated>> together;
    try (ImageFeatures features = blip2.encode(List.of(blip2.read(pictures.get(1))))) {
      together = blip2.generate(features, prompts, decoding);
    }

    for (int i = 0; i < prompts.size(); i++) {
      Generated alone =
          blip2.generate(blip2.read(pictures.get(1)), prompts.get(i), decoding).get(0);
      assertEquals(alone.text(), together.get(i).get(0).text());
      assertEquals(alone.tokenIds(), together.get(i).get(0).tokenIds());
    }
  }

  @Test
  void encode_ofSeveralPictures_equalsOneByOne() throws IOException {
    List<Image> images = Fixture.images();
    try (ImageFeatures all = blip2.encode(images);
        var scope = Scope.open()) {
      assertEquals(3, all.size());
      for (int i = 0; i < images.size(); i++) {
        try (ImageFeatures one = blip2.encode(List.of(images.get(i)))) {
          assertRowEquals(one.patches(), all.patches(), i);
          assertRowEquals(one.queries(), all.queries(), i);
          assertRowEquals(one.prompt(), all.prompt(), i);
        }
      }
    }
  }

  @Test
  void generate_promptLeavesLittleRoom_isCutToIt() throws IOException {
    // 128 positions: 8 queries, 116 prompt tokens, and the last token written needs none.
    String prompt = promptOf(116);

    Generated written =
        blip2
            .generate(
                blip2.read(pictures.get(0)),
                prompt,
                GenerationConfig.greedy().maxNewTokens(50).minNewTokens(5))
            .get(0);

    assertEquals(5, written.tokenIds().size());
  }

  @Test
  void generate_promptFillsAllPositions_writesOneToken() throws IOException {
    Generated written =
        blip2
            .generate(
                blip2.read(pictures.get(0)),
                promptOf(120),
                GenerationConfig.greedy().maxNewTokens(9))
            .get(0);

    assertEquals(1, written.tokenIds().size());
  }

  @Test
  void generate_withListener_hearsExactlyTheTokens() throws IOException {
    List<List<Integer>> heard = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    List<String> prompts = Collections.nCopies(3, "");

    try (ImageFeatures features = blip2.encode(Fixture.images())) {
      List<List<Generated>> written =
          blip2.generate(
              features,
              prompts,
              GenerationConfig.greedy(),
              (row, token) -> heard.get(row).add(token));

      assertEquals(written.stream().map(texts -> texts.get(0).tokenIds()).toList(), heard);
    }
  }

  @Test
  void stream_greedyAndBeams_piecesJoinToTheText() throws IOException {
    for (GenerationConfig decoding :
        List.of(GenerationConfig.greedy(), GenerationConfig.beams(3))) {
      List<String> pieces = new ArrayList<>();

      Generated written = blip2.stream(Image.of(buffered(1)), "", decoding, pieces::add);

      assertEquals("a yellow square to the left of a green square", written.text());
      assertEquals(written.text(), String.join("", pieces));
      assertTrue(pieces.size() > 5, "pieces expected word by word, got " + pieces);
      assertEquals("a", pieces.get(0));
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        BufferedImage.TYPE_INT_RGB,
        BufferedImage.TYPE_INT_ARGB,
        BufferedImage.TYPE_3BYTE_BGR,
        BufferedImage.TYPE_4BYTE_ABGR
      })
  void caption_ofImageTypes_isTheSame(int type) throws IOException {
    BufferedImage source = buffered(1);
    var image = new BufferedImage(source.getWidth(), source.getHeight(), type);
    for (int y = 0; y < source.getHeight(); y++) {
      for (int x = 0; x < source.getWidth(); x++) {
        image.setRGB(x, y, source.getRGB(x, y));
      }
    }

    assertEquals(CAPTIONS.get(1), blip2.caption(image));
  }

  @Test
  void caption_ofExtremeSizes_isSomeText() {
    var dot = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
    var band = new BufferedImage(20_000, 50, BufferedImage.TYPE_BYTE_BINARY);

    assertFalse(blip2.caption(dot).isEmpty());
    assertFalse(blip2.caption(band).isEmpty());
  }

  @Test
  void withExifRotation_ofSidewaysPhotograph_turnsIt() throws IOException {
    byte[] jpeg = Fixture.sidewaysJpeg(32, 16);
    Path photograph = Files.write(folder.resolve("photograph.jpg"), jpeg);

    assertEquals("32x16 RGB", blip2.read(photograph).toString());
    assertEquals("16x32 RGB", blip2.withExifRotation(true).read(photograph).toString());
    assertFalse(blip2.caption(blip2.withExifRotation(true).read(photograph)).isEmpty());
  }

  @Test
  void load_withoutImageToken_captionsAsWithIt() throws IOException {
    Fixture.copyTo(folder);
    Fixture.editJson(folder.resolve("config.json"), json -> json.remove("image_token_index"));

    try (var legacy = Blip2.load(folder)) {
      for (int i = 0; i < pictures.size(); i++) {
        assertEquals(CAPTIONS.get(i), legacy.caption(legacy.read(pictures.get(i))));
      }
    }
  }

  @Test
  void load_withNoEndToken_writesToTheLongestLength() throws IOException {
    Fixture.copyTo(folder);
    Fixture.editJson(
        folder.resolve("config.json"),
        json -> json.getAsJsonObject("text_config").add("eos_token_id", JsonNull.INSTANCE));

    try (var endless = Blip2.load(folder)) {
      for (GenerationConfig decoding :
          List.of(GenerationConfig.greedy(), GenerationConfig.beams(2))) {
        Generated written =
            endless.generate(endless.read(pictures.get(0)), "", decoding.maxNewTokens(9)).get(0);

        assertEquals(9, written.tokenIds().size());
        assertFalse(written.ended());
        assertTrue(written.text().startsWith("a red circle"), written.text());
      }
    }
  }

  @Test
  void histories_withAndWithoutImageToken_showQueriesOrNothing() {
    var text = PromptBatch.of(List.of(new int[] {2, 7}, new int[] {2}), 1, Side.LEFT);

    assertArrayEquals(new int[] {9, 9, 9, 2, 7}, text.histories(9, 3).get(0));
    assertArrayEquals(new int[] {9, 9, 9, 2}, text.histories(9, 3).get(1));
    assertEquals(List.of(0, 0), text.emptyHistories().stream().map(ids -> ids.length).toList());
  }

  @Test
  void generate_listenerFails_releasesMemoryAndCarriesOn() throws IOException {
    Image image = blip2.read(pictures.get(0));
    try (ImageFeatures features = blip2.encode(List.of(image))) {
      long used = TensorMemory.usedBytes();

      var thrown =
          assertThrows(
              IllegalStateException.class,
              () ->
                  blip2.generate(
                      features,
                      List.of(""),
                      GenerationConfig.greedy(),
                      (row, token) -> {
                        throw new IllegalStateException("enough");
                      }));

      assertEquals("enough", thrown.getMessage());
      assertEquals(used, TensorMemory.usedBytes());
      assertEquals(
          CAPTIONS.get(0),
          blip2.generate(features, List.of(""), GenerationConfig.greedy()).get(0).get(0).text());
    }
  }

  private static void assertRowEquals(Tensor one, Tensor all, int row) {
    assertArrayEquals(one.select(0, 0).toFloats(), all.select(0, row).toFloats(), 1e-5f);
  }

  /** A prompt of exactly so many tokens, the one that begins every text included. */
  private static String promptOf(int tokens) {
    String prompt = "a";
    while (blip2.tokenizer().encode(prompt).length < tokens) {
      prompt += " a";
    }
    assertEquals(tokens, blip2.tokenizer().encode(prompt).length);
    return prompt;
  }

  private static BufferedImage buffered(int index) throws IOException {
    return Objects.requireNonNull(ImageIO.read(pictures.get(index).toFile()));
  }
}
