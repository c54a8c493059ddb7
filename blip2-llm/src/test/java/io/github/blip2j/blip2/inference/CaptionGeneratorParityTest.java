package io.github.blip2j.blip2.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.LavisStageOne;
import io.github.blip2j.blip2.StageOneFolder;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Captions by the Q-Former itself against LAVIS's {@code generate}, for every folder with a first
 * stage of LAVIS and every case in it that does not draw: tokens and texts are identical. The
 * reference wrote them after its six training steps.
 */
final class CaptionGeneratorParityTest {
  @TempDir Path copy;

  static Stream<Path> folders() {
    return LavisStageOne.folders().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void write_everyCase_equalsReference(Path folder) throws IOException {
    JsonObject expected =
        new Gson().fromJson(Files.readString(folder.resolve("expected.json")), JsonObject.class);
    JsonArray cases = expected.getAsJsonArray("generate");
    int images = expected.getAsJsonArray("captions").size();
    try (var matcher = ImageTextMatcher.load(StageOneFolder.trained(folder, copy))) {
      List<Image> pictures = StageOneFolder.images(matcher, folder, images);

      for (JsonElement each : cases) {
        JsonObject one = each.getAsJsonObject();
        String name = folder.getFileName() + " " + one.get("name").getAsString();
        List<List<Generated>> written =
            matcher.caption(pictures, decoding(one.getAsJsonObject("args")));

        assertEquals(
            strings(one, "texts"), written.stream().map(w -> w.get(0).text()).toList(), name);
        assertEquals(
            sequences(
                one.getAsJsonArray("sequences"), matcher.model().config().qformer().startId()),
            written.stream().map(w -> w.get(0).tokenIds()).toList(),
            name);
      }
    }
  }

  /** LAVIS counts the token that starts a caption. */
  private static GenerationConfig decoding(JsonObject args) {
    return GenerationConfig.beams(args.get("num_beams").getAsInt())
        .maxNewTokens(args.get("max_length").getAsInt() - 1)
        .minNewTokens(Math.max(0, args.get("min_length").getAsInt() - 1))
        .repetitionPenalty(args.get("repetition_penalty").getAsDouble());
  }

  private static List<String> strings(JsonObject one, String key) {
    return one.getAsJsonArray(key).asList().stream().map(JsonElement::getAsString).toList();
  }

  /** Without the token that starts each, and without padding after its end. */
  private static List<List<Integer>> sequences(JsonArray rows, int startId) {
    List<List<Integer>> sequences = new ArrayList<>();
    for (JsonElement row : rows) {
      List<Integer> ids =
          new ArrayList<>(
              row.getAsJsonArray().asList().stream().map(JsonElement::getAsInt).toList());
      assertEquals(startId, ids.remove(0));
      while (ids.get(ids.size() - 1) == 0) {
        ids.remove(ids.size() - 1);
      }
      sequences.add(ids);
    }
    return sequences;
  }
}
