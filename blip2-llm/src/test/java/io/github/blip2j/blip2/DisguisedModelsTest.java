package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.Disguise;
import io.github.blip2j.backend.Transfers;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Models on a memory that Java cannot read: they compute the same, and copy little to and from it.
 */
final class DisguisedModelsTest {
  private static final Backend HOST = Backend.of("onednn");
  private static final Backend DEVICE = Disguise.of(HOST);
  private static final Path GOLDEN = Path.of("src/test/resources/golden");

  @TempDir Path folder;

  private static LoadOptions on(Backend backend, Precision precision) {
    return LoadOptions.of(precision).withBackend(backend);
  }

  private static List<List<Integer>> ids(List<Generated> texts) {
    return texts.stream().map(Generated::tokenIds).toList();
  }

  @ParameterizedTest
  @CsvSource({"hf-opt", "hf-t5", "hf-instructblip"})
  void generate_score_andRank_areThoseOfTheHost(String name) throws IOException {
    Image image = Fixture.images().get(0);
    List<String> candidates = List.of("a red circle", "a blue square", "nothing");
    try (Blip2 here = Blip2.load(GOLDEN.resolve(name), on(HOST, Precision.FLOAT32));
        Blip2 there = Blip2.load(GOLDEN.resolve(name), on(DEVICE, Precision.FLOAT32))) {
      there.model().stateDict().values().forEach(weight -> assertSame(DEVICE, weight.backend()));
      for (GenerationConfig decoding :
          List.of(
              GenerationConfig.greedy().maxNewTokens(6),
              GenerationConfig.beams(3).maxNewTokens(6).numReturnSequences(2))) {
        assertEquals(
            ids(here.generate(image, "a photo of", decoding)),
            ids(there.generate(image, "a photo of", decoding)));
      }
      assertEquals(
          here.rank(image, "what is it?", candidates, CandidateRanking.bySum()).get(0).text(),
          there.rank(image, "what is it?", candidates, CandidateRanking.bySum()).get(0).text());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BFLOAT16", "INT8"})
  void generate_inNarrowPrecisions_runs(Precision precision) throws IOException {
    try (Blip2 there = Blip2.load(Fixture.HF_OPT, on(DEVICE, precision))) {
      assertEquals(
          1, there.generate(Fixture.images().get(0), "", GenerationConfig.greedy()).size());
    }
  }

  @Test
  void matcher_matchesEmbedsCaptionsAndSearches_asOnTheHost() throws IOException {
    Path model = ImageTextMatcherTest.FOLDER;
    List<String> texts = List.of("a red circle above a blue square", "a green star");
    try (var here = ImageTextMatcher.load(model, on(HOST, Precision.FLOAT32));
        var there = ImageTextMatcher.load(model, on(DEVICE, Precision.FLOAT32));
        var index = there.index(folder)) {
      List<Image> images = StageOneFolder.images(here, model, 3);
      List<Match> expected = here.match(images.get(0), texts);
      List<Match> actual = there.match(images.get(0), texts);
      for (int i = 0; i < texts.size(); i++) {
        assertEquals(expected.get(i).itc(), actual.get(i).itc(), 1e-4);
        assertEquals(expected.get(i).itmLogit(), actual.get(i).itmLogit(), 1e-4);
      }
      assertArrayEquals(here.embed(texts.get(0)), there.embed(texts.get(0)), 1e-4f);
      assertArrayEquals(here.embed(images.get(1))[0], there.embed(images.get(1))[0], 1e-4f);
      int layer = here.gradCam(images.get(0), texts.get(0)).usualLayer();
      float[][] relevance = here.gradCam(images.get(0), texts.get(0)).relevance(layer);
      assertArrayEquals(
          relevance[1], there.gradCam(images.get(0), texts.get(0)).relevance(layer)[1], 1e-4f);
      index.addImages(images);
      index.addTexts(texts);
      assertEquals(3, index.search(texts.get(0), 3).ids().length);
    }
  }

  /** What one more token costs: ids and positions up, and the scores of all beams down at once. */
  @ParameterizedTest
  @CsvSource({"hf-opt, 1", "hf-opt, 3", "hf-t5, 1", "hf-t5, 3"})
  void decodingStep_copiesIdsPositionsAndScores(String name, int beams) throws IOException {
    Image image = Fixture.images().get(0);
    try (Blip2 blip2 = Blip2.load(GOLDEN.resolve(name), on(DEVICE, Precision.FLOAT32))) {
      Transfers six = transfers(blip2, image, beams, 6);
      Transfers step = transfers(blip2, image, beams, 7).since(six);

      assertEquals(2, step.uploads(), step::toString);
      assertEquals(1, step.downloads(), step::toString);
      assertTrue(step.uploadedBytes() < 200, step::toString);
      long scores = 4L * beams * blip2.model().language().vocabSize();
      assertEquals(scores, step.downloadedBytes());
    }
  }

  private static Transfers transfers(Blip2 blip2, Image image, int beams, int tokens) {
    GenerationConfig decoding =
        beams == 1 ? GenerationConfig.greedy() : GenerationConfig.beams(beams);
    Transfers before = DEVICE.memory().transfers();
    blip2.generate(image, "a", decoding.minNewTokens(tokens).maxNewTokens(tokens));
    return DEVICE.memory().transfers().since(before);
  }

  /** A picture: its pixels up. */
  @Test
  void picture_copiesItsPixels() throws IOException {
    try (Blip2 blip2 = Blip2.load(Fixture.HF_OPT, on(DEVICE, Precision.FLOAT32))) {
      List<Image> images = Fixture.images().subList(0, 1);
      Transfers before = DEVICE.memory().transfers();
      blip2.encode(images).close();
      Transfers encoded = DEVICE.memory().transfers().since(before);

      assertEquals(new Transfers(1, 0, 4L * 3 * 48 * 48, 0), encoded);
    }
  }
}
