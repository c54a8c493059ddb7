package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.inference.GradCamMaps;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.blip2.text.TextLength;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.qformer.retrieval.Ranking;
import io.github.blip2j.qformer.retrieval.Rankings;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

public final class ImageTextMatcherTest {
  public static final Path FOLDER = Fixtures.own("hf-itm");
  private static final String LONG = "a red circle above a blue square ".repeat(8);
  private static final List<String> TEXTS =
      List.of("a red circle above a blue square", "", "a dog", "a green star to the left", LONG);

  @TempDir Path folder;
  private static ImageTextMatcher matcher;
  private static List<Image> images;

  @BeforeAll
  static void load() throws IOException {
    matcher = ImageTextMatcher.load(FOLDER);
    images = StageOneFolder.images(matcher, FOLDER, 3);
  }

  @AfterAll
  static void close() {
    matcher.close();
  }

  @Test
  void match_textsOfManyLengths_equalsOneByOne() {
    List<Match> together = matcher.match(images.get(0), TEXTS);

    for (int t = 0; t < TEXTS.size(); t++) {
      assertClose(matcher.match(images.get(0), TEXTS.get(t)), together.get(t));
    }
  }

  @Test
  void match_moreTextsThanABatch_keepsTheirOrder() {
    List<String> many = new ArrayList<>(Collections.nCopies(20, "a dog"));
    many.set(17, "a green star");

    List<Match> matches = matcher.match(images.get(1), many);

    assertEquals(20, matches.size());
    assertClose(matcher.match(images.get(1), "a green star"), matches.get(17));
    assertClose(matcher.match(images.get(1), "a dog"), matches.get(19));
  }

  @Test
  void matchPairs_differentImages_equalsOneByOne() {
    List<Match> pairs = matcher.matchPairs(images, TEXTS.subList(0, 3));

    for (int i = 0; i < 3; i++) {
      assertClose(matcher.match(images.get(i), TEXTS.get(i)), pairs.get(i));
    }
  }

  @Test
  void match_emptyText_isThatOfTwoSpecialTokens() {
    Match match = matcher.match(images.get(0), "");

    assertEquals("[CLS][SEP]", matcher.tokenizer().decodeAll(new int[] {2, 3}).replace(" ", ""));
    assertArrayEquals(new int[] {2, 3}, matcher.tokenizer().encode(""));
    assertTrue(Math.abs(match.itc()) <= 1 && Double.isFinite(match.itmLogit()), match::toString);
    assertTrue(match.itmProbability() > 0 && match.itmProbability() < 1, match::toString);
  }

  @Test
  void match_textBeyondTheTrainedLength_isReadWholeAsTransformersDoes() {
    assertEquals(new TextLength(58, 58), matcher.length(LONG));
    assertNotEquals(
        matcher.match(images.get(0), LONG), matcher.match(images.get(0), LONG + "a green star"));
    try (var scope = Scope.open()) { // features() reads whole, with transformers' own numbers
      float[] start = matcher.features().texts(List.of(LONG)).compared().narrow(1, 0, 1).toFloats();
      assertArrayEquals(start, matcher.embed(LONG), 1e-5f);
    }
  }

  @Test
  void match_textBeyondTheTrainedLength_isCutAsLavisDoes() throws IOException {
    try (var lavis = ImageTextMatcher.load(Fixtures.own("lavis-stage1"))) {
      int most = lavis.model().config().qformer().maxTextTokens();

      assertEquals(new TextLength(58, most), lavis.length(LONG));
      assertEquals(
          lavis.match(images.get(0), LONG), lavis.match(images.get(0), LONG + "a green star"));
    }
  }

  @Test
  void match_textBeyondAChosenLength_isCut() {
    ImageTextMatcher cutting = matcher.withMaxTextTokens(32);

    assertEquals(new TextLength(58, 32), cutting.length(LONG));
    assertTrue(cutting.length(LONG).isCut());
    assertEquals(new TextLength(4, 4), cutting.length("a dog"));
    assertEquals(
        cutting.match(images.get(0), LONG), cutting.match(images.get(0), LONG + "a green star"));
    assertClose(matcher.match(images.get(0), "a dog"), cutting.match(images.get(0), "a dog"));
  }

  @Test
  void match_fileAndBufferedImage_areTheSamePicture() throws IOException {
    Match match = matcher.match(images.get(0), "a dog");

    assertEquals(
        match, matcher.match(matcher.read(FOLDER.resolve("images").resolve("a.png")), "a dog"));
    assertEquals(match, matcher.match(images.get(0).toBufferedImage(), "a dog"));
  }

  @Test
  void embed_largestProduct_isTheCosineOfMatch() {
    float[] text = matcher.embed("a dog");
    double largest = -1;
    for (float[] query : matcher.embed(images.get(2))) {
      largest = Math.max(largest, product(query, text));
      assertEquals(1, product(query, query), 1e-5);
    }

    assertEquals(1, product(text, text), 1e-5);
    assertEquals(matcher.match(images.get(2), "a dog").itc(), largest, 1e-5);
  }

  @Test
  void embedAsOne_isTheDirectionOfTheMean() {
    float[] one = matcher.embedPooled(images.get(0));

    double along = 0;
    double[] mean = new double[one.length];
    for (float[] query : matcher.embed(images.get(0))) {
      along += product(query, one);
      for (int p = 0; p < mean.length; p++) {
        mean[p] += query[p];
      }
    }
    double squares = 0;
    for (double value : mean) {
      squares += value * value;
    }
    assertEquals(1, product(one, one), 1e-5);
    assertEquals(Math.sqrt(squares), along, 1e-4);
  }

  @Test
  void featuresOfTexts_longOnes_areWhole() {
    int tokens = matcher.tokenizer().encode(LONG).length;
    try (var scope = Scope.open()) {
      Tensor words = matcher.features().texts(List.of(LONG, "a dog")).tokens();

      assertEquals(String.format(Locale.ROOT, "[2, %d, 48]", tokens), words.shape().toString());
      float[] alone = matcher.features().texts(List.of("a dog")).tokens().select(1, 0).toFloats();
      Golden.assertClose("padded", alone, words.select(1, 0).select(0, 1).toFloats(), 1e-5);
    }
  }

  @Test
  void explain_drawing_isOfThePicturesSize() {
    GradCamMaps maps = matcher.gradCam(images.get(0), "a red circle");

    assertEquals(List.of(0, 2), maps.layers());
    assertEquals(2, maps.usualLayer());
    assertEquals(6, maps.relevance(0).length);
    assertEquals(6, maps.relevance(0)[0].length);
    Image drawing = maps.drawing(maps.usualLayer());
    assertEquals(images.get(0).toString(), drawing.toString());
  }

  @Test
  void explain_words_areThoseOfTheText() {
    GradCamMaps maps = matcher.gradCam(images.get(0), "a red circle");

    assertEquals(List.of("a", "red", "circle"), maps.words());
    assertEquals(6, maps.relevance(0, 2).length);
    assertEquals(6, maps.relevance(0, 2)[0].length);
    assertEquals(images.get(0).toString(), maps.drawing(2, 1).toString());
    Exception e = assertThrows(IllegalArgumentException.class, () -> maps.relevance(0, 3));
    assertEquals("gradCam: word expected among 3, got 3", e.getMessage());
  }

  @Test
  void index_search_findsWhatMatchSays() throws IOException {
    try (var index = matcher.index(folder)) {
      index.addImages(images);

      Ranking ranking = index.search("a dog", 2);

      assertEquals(2, ranking.size());
      for (int place = 0; place < 2; place++) {
        Match match = matcher.match(images.get(ranking.id(place)), "a dog");
        assertEquals(match.itc(), ranking.similarity(place), 1e-5);
        assertEquals(match.itmLogit(), ranking.matchLogit(place), 1e-4);
        assertEquals(match.retrievalScore(), ranking.score(place), 1e-4);
      }
    }
  }

  @Test
  void index_rank_scoresBothWays() throws IOException {
    try (var index = matcher.index(folder)) {
      index.addImages(images);
      index.addTexts(TEXTS);

      Rankings rankings = index.rank(128);

      assertEquals(List.of(3, 5), List.of(index.images(), index.texts()));
      assertEquals(5, rankings.texts().get(0).size());
      assertEquals(100, rankings.scores(List.of(0, 1, 2, 0, 1)).image().at5());
    }
  }

  @ParameterizedTest
  @EnumSource
  void load_inEveryPrecision_matchesAndExplains(Precision precision) throws IOException {
    try (var packed = ImageTextMatcher.load(FOLDER, precision)) {
      Match exact = matcher.match(images.get(0), TEXTS.get(0));
      Match match = packed.match(images.get(0), TEXTS.get(0));

      double room = precision == Precision.FLOAT32 ? 1e-5 : 0.2;
      assertEquals(exact.itc(), match.itc(), room);
      assertEquals(exact.itmLogit(), match.itmLogit(), room);
      float[][] map = packed.gradCam(images.get(0), TEXTS.get(0)).relevance(0);
      assertEquals(6, map.length);
    }
  }

  @Test
  void everyCall_leavesNoMemoryBehind() throws IOException {
    all(matcher);
    long used = TensorMemory.usedBytes();

    all(matcher);

    assertEquals(used, TensorMemory.usedBytes());
  }

  @Test
  void match_fromFourThreads_equalsFromOne() throws Exception {
    List<Match> expected = matcher.match(images.get(0), TEXTS);
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      Callable<List<Match>> work = () -> matcher.match(images.get(0), TEXTS);
      for (Future<List<Match>> each : pool.invokeAll(Collections.nCopies(12, work))) {
        List<Match> actual = each.get();
        for (int t = 0; t < expected.size(); t++) {
          assertClose(expected.get(t), actual.get(t));
        }
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void write_asLavisByDefault_hasNineToTwentyNineTokens() throws IOException {
    Path lavis = Fixtures.own("lavis-stage1");
    try (var writer = ImageTextMatcher.load(lavis)) {
      List<Image> pictures = StageOneFolder.images(writer, lavis, 2);
      List<List<Generated>> written =
          writer.caption(pictures, ImageTextMatcher.lavisCaptionConfig().numReturnSequences(2));

      assertEquals(2, written.size());
      for (List<Generated> texts : written) {
        assertEquals(2, texts.size());
        int tokens = texts.get(0).tokenIds().size();
        assertTrue(tokens >= 9 && tokens <= 29, () -> tokens + " tokens");
      }
      assertEquals(written.get(1).get(0).text(), writer.caption(pictures.get(1)));
      GenerationConfig nucleus = GenerationConfig.sample().topP(0.9).seed(3).maxNewTokens(100);
      assertTrue(writer.caption(pictures, nucleus).get(0).get(0).tokenIds().size() <= 64);
    }
  }

  private void all(ImageTextMatcher each) throws IOException {
    each.match(images.get(0), TEXTS);
    each.matchPairs(images, TEXTS.subList(0, 3));
    each.embed(images.get(0));
    each.embed("a dog");
    each.gradCam(images.get(0), "a dog").drawing(0);
    try (var index = each.index(folder)) {
      index.addImages(images);
      index.addTexts(TEXTS);
      index.rank(2);
    }
    try (var scope = Scope.open()) {
      each.features().multimodal(images, TEXTS.subList(0, 3));
    }
  }

  private static double product(float[] a, float[] b) {
    double product = 0;
    for (int p = 0; p < a.length; p++) {
      product += a[p] * b[p];
    }
    return product;
  }

  private static void assertClose(Match expected, Match actual) {
    assertEquals(expected.itc(), actual.itc(), 1e-5);
    assertEquals(expected.itmLogit(), actual.itmLogit(), 2e-5);
    assertEquals(expected.itmProbability(), actual.itmProbability(), 1e-5);
  }
}
