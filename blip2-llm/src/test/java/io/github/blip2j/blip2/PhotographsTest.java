package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * A dozen photographs from their files to texts: decoding and resizing against Pillow, captions and
 * match logits against transformers.
 */
final class PhotographsTest {
  private static final Path FOLDER = Fixtures.own("photographs");
  private static final int STEP = 14;
  private static final int SIDE = 224;

  /** What is known of a photograph. */
  private record Photograph(Path file, JsonObject told) {
    String text(String key) {
      return told.get(key).getAsString();
    }
  }

  private static List<Photograph> photographs() throws IOException {
    String json = Files.readString(FOLDER.resolve("photographs.json"));
    JsonArray all = JsonParser.parseString(json).getAsJsonObject().getAsJsonArray("photographs");
    List<Photograph> photographs = new ArrayList<>();
    all.forEach(
        each -> {
          JsonObject told = each.getAsJsonObject();
          photographs.add(new Photograph(FOLDER.resolve(told.get("file").getAsString()), told));
        });
    return photographs;
  }

  @Test
  void everyPhotograph_isFree_andSaysWhoseItIs() throws IOException {
    assertEquals(12, photographs().size());
    for (Photograph each : photographs()) {
      assertEquals("CC0-1.0", each.text("licence"));
      assertTrue(!each.text("author").isBlank() && each.text("source").startsWith("https://"));
    }
  }

  @Test
  void decoded_isWhatPillowDecodes() throws IOException, NoSuchAlgorithmException {
    ImageProcessor processor = ImageProcessor.blip2(SIDE);
    for (Photograph each : photographs()) {
      Image image = processor.read(each.file());

      byte[] hash = MessageDigest.getInstance("SHA-256").digest(image.toByteArray());
      assertEquals(each.told().get("width").getAsInt(), image.width());
      assertEquals(each.told().get("height").getAsInt(), image.height());
      assertEquals(each.text("sha256"), HexFormat.of().formatHex(hash), each.text("file"));
    }
  }

  @Test
  void pixels_areThoseOfPillow() throws IOException {
    double[] expected = expected("pixels");
    ImageProcessor processor = ImageProcessor.blip2(SIDE);
    int at = 0;
    for (Photograph each : photographs()) {
      float[] pixels = processor.pixels(processor.read(each.file()));
      for (int c = 0; c < 3; c++) {
        for (int y = 0; y < SIDE; y += STEP) {
          for (int x = 0; x < SIDE; x += STEP) {
            assertEquals(
                expected[at++], pixels[(c * SIDE + y) * SIDE + x], 1e-6, each.text("file"));
          }
        }
      }
    }
    assertEquals(expected.length, at);
  }

  private static double[] expected(String name) throws IOException {
    try (Checkpoint golden = Checkpoint.open(FOLDER.resolve("expected.safetensors"));
        Scope scope = Scope.open()) {
      var entry = Objects.requireNonNull(golden.tensors().get(name));
      return Tensor.read(
              name, entry.dtype(), entry.shape(), (from, into) -> golden.read(name, from, into))
          .toDoubles();
    }
  }

  @Test
  void captions_areThoseOfTransformers_oneByOneAndTogether() throws IOException {
    List<String> expected = new ArrayList<>();
    List<Image> images = new ArrayList<>();
    try (Blip2 blip2 = Blip2.load(Fixtures.own("hf-opt"))) {
      for (Photograph each : photographs()) {
        Image image = blip2.read(each.file());
        expected.add(each.text("caption"));
        images.add(image);
        assertEquals(each.text("caption"), blip2.caption(image), each.text("file"));
      }

      assertEquals(expected, blip2.captions(images));
    }
  }

  @Test
  void matches_areThoseOfTransformers() throws IOException {
    try (ImageTextMatcher matcher = ImageTextMatcher.load(Fixtures.own("hf-itm"))) {
      for (Photograph each : photographs()) {
        JsonArray logits = each.told().getAsJsonArray("match_logits");
        Match expected = Match.of(0, logits.get(0).getAsDouble(), logits.get(1).getAsDouble());

        Match match = matcher.match(matcher.read(each.file()), "a photo of a " + each.text("name"));

        assertEquals(expected.itmLogit(), match.itmLogit(), 2e-4, each.text("file"));
        assertEquals(expected.itmProbability(), match.itmProbability(), 1e-4);
      }
    }
  }
}
