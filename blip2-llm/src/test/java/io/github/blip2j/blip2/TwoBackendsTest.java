package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.Samples;
import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.blip2.features.Feature;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One model on ND4J's kernels and on oneDNN's, in one process. */
final class TwoBackendsTest {
  private static final List<GenerationConfig> DECODINGS =
      List.of(
          GenerationConfig.greedy().maxNewTokens(8),
          GenerationConfig.beams(3).maxNewTokens(6).numReturnSequences(3));

  private static final Backend ND4J = Backend.of("nd4j");
  private static final Backend ONEDNN = Backend.of("onednn");

  private static Blip2 reference;
  private static Blip2 fast;
  private static List<Image> images;

  @BeforeAll
  static void load() throws IOException {
    reference = Blip2.load(Fixture.HF_OPT, on(ND4J));
    fast = Blip2.load(Fixture.HF_OPT, on(ONEDNN));
    images = Fixture.images();
  }

  private static LoadOptions on(Backend backend) {
    return LoadOptions.of(Precision.FLOAT32).withBackend(backend);
  }

  @AfterAll
  static void close() {
    reference.close();
    fast.close();
  }

  @Test
  void models_areWhereTheyWereLoaded() {
    assertNotSame(ND4J.kernels(), ONEDNN.kernels());
    reference.model().stateDict().values().forEach(weight -> assertSame(ND4J, weight.backend()));
    fast.model().stateDict().values().forEach(weight -> assertSame(ONEDNN, weight.backend()));
    assertSame(ND4J.memory(), ONEDNN.memory());
  }

  @Test
  void generate_onBoth_writesTheSameTokens() {
    for (Image image : images) {
      for (GenerationConfig decoding : DECODINGS) {
        List<Generated> expected = reference.generate(image, "a photo of", decoding);
        List<Generated> written = fast.generate(image, "a photo of", decoding);

        assertEquals(ids(expected), ids(written));
        for (int i = 0; i < written.size(); i++) {
          assertEquals(expected.get(i).score(), written.get(i).score(), 1e-3);
        }
      }
    }
  }

  private static List<List<Integer>> ids(List<Generated> texts) {
    return texts.stream().map(Generated::tokenIds).toList();
  }

  @Test
  void features_onBoth_areClose() {
    for (Feature feature : List.of(Feature.PATCHES, Feature.QUERIES, Feature.PROMPT)) {
      float[][] expected = reference.embed(images.get(0), feature);
      float[][] actual = fast.embed(images.get(0), feature);
      try (Scope scope = Scope.open(ND4J)) {
        for (int row = 0; row < expected.length; row++) {
          double[] wide = Tensor.of(expected[row], expected[row].length).toDoubles();
          Tensor got = Tensor.of(actual[row], actual[row].length);
          Samples.assertClose(feature + " " + row, wide, got, 2e-5);
        }
      }
    }
  }

  @Test
  @Timeout(value = 2, unit = TimeUnit.MINUTES)
  void generate_fromTwoThreadsAtOnce_writesWhatOneThreadDoes() throws Exception {
    List<List<Integer>> expected = ids(reference.generate(images.get(1), "", DECODINGS.get(1)));
    ExecutorService pool = Executors.newFixedThreadPool(2);
    try {
      List<Callable<Boolean>> workers = new ArrayList<>();
      for (Blip2 model : List.of(reference, fast)) {
        workers.add(
            () -> {
              for (int i = 0; i < 6; i++) {
                assertEquals(expected, ids(model.generate(images.get(1), "", DECODINGS.get(1))));
              }
              return true;
            });
      }
      for (Future<Boolean> worker : pool.invokeAll(workers)) {
        assertTrue(worker.get());
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void scopesOfTheCaller_doNotDecide() {
    List<List<Integer>> expected = ids(fast.generate(images.get(2), "", DECODINGS.get(0)));
    try (Scope scope = Scope.open(ND4J)) {
      assertEquals(expected, ids(fast.generate(images.get(2), "", DECODINGS.get(0))));
      try (var encoded = fast.encode(List.of(images.get(2)))) {
        assertSame(ONEDNN, encoded.patches().backend());
      }
      assertSame(ONEDNN, fast.pixels(List.of(images.get(0))).backend());
    }
  }

  @Test
  void pixels_ofTheOther_areRefusedByName() {
    try (Scope scope = Scope.open()) {
      Tensor pixels = reference.pixels(List.of(images.get(0)));

      var e = assertThrows(IllegalArgumentException.class, () -> fast.encode(pixels));

      String message = String.valueOf(e.getMessage());
      assertTrue(
          message.contains("expected on backend nd4j, got one on onednn")
              || message.contains("expected on backend onednn, got one on nd4j"),
          message);
      assertTrue(message.contains("copy it with tensor.to(backend)"), message);
      fast.encode(pixels.to(ONEDNN)).close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf-t5", "hf-instructblip"})
  void otherKinds_onBoth_writeTheSame(String name) throws IOException {
    Path folder = Path.of("src/test/resources/golden").resolve(name);
    try (Blip2 one = Blip2.load(folder, on(ND4J));
        Blip2 two = Blip2.load(folder, on(ONEDNN))) {
      for (GenerationConfig decoding : DECODINGS) {
        assertEquals(
            ids(one.generate(images.get(0), "what is it?", decoding)),
            ids(two.generate(images.get(0), "what is it?", decoding)));
      }
    }
  }
}
