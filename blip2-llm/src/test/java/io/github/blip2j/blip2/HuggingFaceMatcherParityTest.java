package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Matching against transformers' {@code Blip2ForImageTextRetrieval}, from picture files and words,
 * for every folder of that kind. Cosines and unit vectors agree to 1e-5, logits and probabilities
 * to 2e-4.
 */
final class HuggingFaceMatcherParityTest {
  private static final double UNIT_VECTORS = 1e-5;
  private static final double LOGITS = 2e-4;

  static Stream<Path> folders() {
    return StageOneFolder.huggingFace().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void embed_imagesAndTexts_equalReference(Path folder) throws IOException {
    List<String> texts = texts(folder);
    try (var matcher = ImageTextMatcher.load(folder);
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      List<Image> images = StageOneFolder.images(matcher, folder, texts.size());
      for (int i = 0; i < texts.size(); i++) {
        float[][] queries = matcher.embed(images.get(i));
        for (int q = 0; q < queries.length; q++) {
          float[] expected = golden.get("itc.image_embeds").select(0, i).select(0, q).toFloats();
          golden.assertClose("image " + i, "itc.image", expected, queries[q], UNIT_VECTORS);
        }
        float[] expected = golden.get("itc.text_embeds").select(0, i).toFloats();
        golden.assertClose(
            "text " + i, "itc.text", expected, matcher.embed(texts.get(i)), UNIT_VECTORS);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void match_everyImageAndText_givesSimilaritiesOfReference(Path folder) throws IOException {
    List<String> texts = texts(folder);
    JsonArray rows = expected(folder).getAsJsonArray("itc_similarity");
    try (var matcher = ImageTextMatcher.load(folder)) {
      List<Image> images = StageOneFolder.images(matcher, folder, texts.size());
      for (int i = 0; i < images.size(); i++) {
        List<Match> matches = matcher.match(images.get(i), texts);
        for (int t = 0; t < texts.size(); t++) {
          double cosine = rows.get(i).getAsJsonArray().get(t).getAsDouble();
          assertEquals(cosine, matches.get(t).itc(), UNIT_VECTORS);
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void matchPairs_logitsAndProbabilities_equalReference(Path folder) throws IOException {
    List<String> texts = texts(folder);
    JsonArray probabilities = expected(folder).getAsJsonArray("itm_probability");
    try (var matcher = ImageTextMatcher.load(folder);
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      List<Image> images = StageOneFolder.images(matcher, folder, texts.size());
      List<Match> matches = matcher.matchPairs(images, texts);

      List<Float> logits = new ArrayList<>();
      for (int i = 0; i < matches.size(); i++) {
        logits.add((float) matches.get(i).itmLogit());
        assertEquals(probabilities.get(i).getAsDouble(), matches.get(i).itmProbability(), LOGITS);
      }
      float[] yes = golden.get("itm.logits").select(1, 1).copy().toFloats();
      float[] actual = new float[yes.length];
      for (int i = 0; i < actual.length; i++) {
        actual[i] = logits.get(i);
      }
      golden.assertClose("itm.logits", "itm.logits", yes, actual, LOGITS);
    }
  }

  private static List<String> texts(Path folder) throws IOException {
    return ConfigJson.read(folder.resolve("expected.json")).stringsAt("texts");
  }

  private static JsonObject expected(Path folder) throws IOException {
    return new Gson().fromJson(Files.readString(folder.resolve("expected.json")), JsonObject.class);
  }
}
