package io.github.blip2j.blip2.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.golden.Fixtures;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The bundled model on scenes that it was not trained on. */
final class BundledModelTest {
  private static final Path SCENES = Fixtures.own("bundled");
  private static final long MOST_BYTES = 16_000_000;

  @Test
  void caption_unseenDrawings_areNamed() throws IOException {
    try (Blip2 blip2 = Blip2.bundled()) {
      List<String> captions = new ArrayList<>();
      for (int i = 1; i <= texts().size(); i++) {
        captions.add(blip2.caption(blip2.read(scene(i))));
      }

      assertEquals(texts(), captions);
      assertEquals(
          "four", blip2.answer(blip2.read(scene(1)), "how many christmas trees are there?"));
    }
  }

  /** Scores are those of the model before its weights were rounded to bytes. */
  @Test
  void match_unseenDrawings_ownTextIsBestInBothScores() throws IOException {
    try (ImageTextMatcher matcher = ImageTextMatcher.bundled()) {
      for (int i = 1; i <= texts().size(); i++) {
        List<Match> matches = new ArrayList<>();
        for (String text : texts()) {
          matches.add(matcher.match(matcher.read(scene(i)), text));
        }
        Match own = matches.get(i - 1);
        for (int k = 0; k < matches.size(); k++) {
          Match match = matches.get(k);
          assertEquals(expected("itc", i, k), match.itc(), 0.01);
          assertEquals(expected("itm_probability", i, k), match.itmProbability(), 0.02);
          assertTrue(k == i - 1 || match.itc() < own.itc(), texts().get(k));
          assertTrue(k == i - 1 || match.itmProbability() < own.itmProbability());
        }
      }
    }
  }

  @Test
  void resources_haveANoticeAndAreSmall() throws IOException, URISyntaxException {
    Path folder =
        Path.of(
            Objects.requireNonNull(
                    BundledModel.class.getResource("/io/github/blip2j/blip2/bundled/NOTICE"))
                .toURI());
    long bytes = 0;
    try (var files = Files.walk(folder.resolveSibling("."))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        bytes += Files.size(file);
      }
    }

    assertTrue(bytes < MOST_BYTES, bytes + " bytes");
    assertTrue(Files.readString(folder).contains("Twemoji"));
  }

  @Test
  void unpack_fullDisk_saysWhereRoomIsNeeded() {
    Path full = Path.of("/dev/full"); // as Linux calls a disk that always is

    var thrown =
        assertThrows(
            IOException.class, () -> BundledModel.unpack("writer/model.safetensors", full));

    assertEquals(
        "/dev/full: room expected to unpack the bundled model, got No space left on device; make"
            + " room, or name another folder with -Djava.io.tmpdir",
        thrown.getMessage());
  }

  private static Path scene(int number) {
    return SCENES.resolve(number + ".png");
  }

  private static List<String> texts() throws IOException {
    List<String> texts = new ArrayList<>();
    expected().getAsJsonArray("texts").forEach(text -> texts.add(text.getAsString()));
    return texts;
  }

  private static double expected(String score, int scene, int text) throws IOException {
    JsonArray rows = expected().getAsJsonArray(score);
    return rows.get(scene - 1).getAsJsonArray().get(text).getAsDouble();
  }

  private static JsonObject expected() throws IOException {
    return new Gson().fromJson(Files.readString(SCENES.resolve("expected.json")), JsonObject.class);
  }
}
