package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.blip2.inference.GradCamMaps;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.GradCam;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@code extract_features}, the match and its GradCAM against LAVIS, from picture files and words,
 * for every folder with a first stage of LAVIS. Hidden states agree to 1e-4, unit vectors to 1e-5,
 * logits to 2e-4, maps to 1e-5 and gradients of maps to 1e-4 of their largest.
 */
final class LavisMatcherParityTest {
  private static final double STATES = 1e-4;
  private static final double UNIT_VECTORS = 1e-5;
  private static final double LOGITS = 2e-4;
  private static final double MAPS = 1e-5;

  static Stream<Path> folders() {
    return LavisStageOne.folders().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void features_ofImages_equalReference(Path folder) throws IOException {
    try (var asked = new Asked(folder)) {
      var features = asked.matcher.features().images(asked.images);

      asked.golden.assertClose("features.image.image_embeds", features.queries(), STATES);
      asked.golden.assertClose(
          "features.image.image_embeds_proj", features.compared(), UNIT_VECTORS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void features_ofTexts_equalReference(Path folder) throws IOException {
    try (var asked = new Asked(folder)) {
      var features = asked.matcher.features().texts(asked.texts);

      asked.golden.assertClose("features.text.text_embeds", features.tokens(), STATES);
      asked.golden.assertClose("features.text.text_embeds_proj", features.compared(), UNIT_VECTORS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void features_ofBoth_equalReference(Path folder) throws IOException {
    try (var asked = new Asked(folder)) {
      Tensor both = asked.matcher.features().multimodal(asked.images, asked.texts);

      asked.golden.assertClose("features.multimodal.multimodal_embeds", both, STATES);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void matchPairs_logitsAndProbabilities_equalReference(Path folder) throws IOException {
    try (var asked = new Asked(folder)) {
      List<Match> matches = asked.matcher.matchPairs(asked.images, asked.texts);

      float[] logits = asked.golden.get("itm_logits").toFloats(); // [B, 2]
      for (int b = 0; b < matches.size(); b++) {
        Match match = matches.get(b);
        double difference = Math.abs(logits[2 * b + 1] - match.itmLogit());
        asked.golden.assertWithin("itm_logits", "itm_logits", difference, LOGITS);
        double odds = Math.exp(logits[2 * b + 1] - logits[2 * b]);
        assertEquals(odds / (1 + odds), match.itmProbability(), LOGITS);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void match_everyTextOfOneImage_givesCosinesOfReference(Path folder) throws IOException {
    try (var asked = new Asked(folder)) {
      double temperature = asked.matcher.model().qformer().temperature().item();
      Tensor similarities = asked.golden.get("sim_i2t").mul(temperature); // [B, B]

      for (int i = 0; i < asked.images.size(); i++) {
        float[] expected = similarities.select(0, i).toFloats();
        float[] actual = new float[expected.length];
        List<Match> matches = asked.matcher.match(asked.images.get(i), asked.texts);
        for (int t = 0; t < actual.length; t++) {
          actual[t] = (float) matches.get(t).itc();
        }
        Golden.assertClose("image " + i, expected, actual, UNIT_VECTORS);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void gradCam_everyLayer_equalsReference(Path folder) throws IOException {
    try (var asked = new Asked(folder);
        var golden = Golden.openFile(folder.resolve("expected_cam.safetensors"))) {
      var batch = asked.batch();

      Set<String> seen = new TreeSet<>();
      for (GradCam.Layer layer : GradCam.of(asked.matcher.model().qformer(), asked.see(), batch)) {
        int i = layer.index();
        golden.assertClose("attention." + i, layer.attention(), MAPS);
        assertCloseToLargest(golden, "attention_grad." + i, layer.gradient());
        assertCloseToLargest(golden, "cam." + i, layer.relevance());
        seen.addAll(List.of("attention." + i, "attention_grad." + i, "cam." + i));
      }

      seen.add("itm_match_logit");
      assertEquals(golden.names(), seen);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void explain_onePicture_isItsRowOfTheReference(Path folder) throws IOException {
    try (var asked = new Asked(folder);
        var golden = Golden.openFile(folder.resolve("expected_cam.safetensors"))) {
      for (int b = 0; b < asked.images.size(); b++) {
        GradCamMaps maps = asked.matcher.gradCam(asked.images.get(b), asked.texts.get(b));
        for (int layer : maps.layers()) {
          float[] expected = golden.get("cam." + layer).select(0, b).toFloats();
          float[][] rows = maps.relevance(layer);
          float[] actual = new float[expected.length];
          for (int r = 0; r < rows.length; r++) {
            System.arraycopy(rows[r], 0, actual, r * rows[r].length, rows[r].length);
          }
          Golden.assertClose("cam", expected, actual, 1e-4 * largest(expected));
        }
      }
    }
  }

  private static void assertCloseToLargest(Golden golden, String name, Tensor actual) {
    golden.assertClose(name, actual, 1e-4 * largest(golden.get(name).toFloats()));
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  /** A loaded folder with its pictures and captions, in an open scope. */
  static final class Asked implements AutoCloseable {
    final Golden golden;
    final ImageTextMatcher matcher;
    final List<Image> images;
    final List<String> texts;
    private final Scope scope = Scope.open();

    Asked(Path folder) throws IOException {
      golden = Golden.open(folder);
      matcher = ImageTextMatcher.load(folder);
      texts = ConfigJson.read(folder.resolve("expected.json")).stringsAt("captions");
      images = StageOneFolder.images(matcher, folder, texts.size());
    }

    Tensor see() {
      return matcher.model().encodeImage(golden.get("pixel_values"), ForwardPass.evaluation());
    }

    TextBatch batch() {
      return TextBatch.of(texts.stream().map(text -> matcher.tokenizer().encode(text)).toList(), 0);
    }

    @Override
    public void close() {
      scope.close();
      matcher.close();
      golden.close();
    }
  }
}
