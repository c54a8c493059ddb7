package io.github.blip2j.server.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.blip2.inference.GradCamMaps;
import io.github.blip2j.server.work.ExplainJob.Explained;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.HeatMap;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.Resampling;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.jspecify.annotations.Nullable;

/** A GradCAM map as numbers or as a drawing, of at most {@link #MOST_SIDE} pixels a side. */
final class Explanation {
  /** A drawing of a whole photograph would take a gigabyte. */
  private static final int MOST_SIDE = 1024;

  private final GradCamMaps maps;
  private final Image image;
  private final int layer;
  private final @Nullable Integer token;

  Explanation(Explained explained, @Nullable Integer layer, @Nullable Integer token) {
    this.maps = explained.maps();
    this.image = explained.image();
    this.layer = layer == null ? maps.usualLayer() : layer;
    this.token = token;
    if (!maps.layers().contains(this.layer)) {
      throw ApiException.invalid("layer", "one of %s expected, got %d", maps.layers(), this.layer);
    }
    if (token != null && (token < 0 || token >= maps.words().size())) {
      throw ApiException.invalid(
          "token", "0 to %d expected, got %d", maps.words().size() - 1, token);
    }
  }

  JsonObject json() {
    var tokens = new JsonArray();
    var each = new JsonArray();
    for (int word = 0; word < maps.words().size(); word++) {
      tokens.add(maps.words().get(word));
      each.add(MatchRoutes.rows(maps.relevance(layer, word)));
    }
    var json = new JsonObject();
    json.add("tokens", tokens);
    json.addProperty("layer", layer);
    json.add("map", MatchRoutes.rows(maps.relevance(layer)));
    json.add("maps", each);
    return json;
  }

  byte[] png(boolean overlay) {
    float[][] map = token == null ? maps.relevance(layer) : maps.relevance(layer, token);
    Image small = small();
    try (var scope = Scope.open()) {
      var numbers = new float[map.length * map[0].length];
      for (int row = 0; row < map.length; row++) {
        System.arraycopy(map[row], 0, numbers, row * map[0].length, map[0].length);
      }
      HeatMap heat = HeatMap.of(Tensor.of(numbers, map.length, map[0].length));
      return encoded(
          overlay ? heat.over(small).toBufferedImage() : heat.alone(small.width(), small.height()));
    }
  }

  private Image small() {
    int longest = Math.max(image.width(), image.height());
    if (longest <= MOST_SIDE) {
      return image;
    }
    int width = (int) Math.max(1, Math.round((double) image.width() * MOST_SIDE / longest));
    int height = (int) Math.max(1, Math.round((double) image.height() * MOST_SIDE / longest));
    return image.resize(width, height, Resampling.BICUBIC);
  }

  private static byte[] encoded(BufferedImage drawing) {
    var png = new ByteArrayOutputStream();
    // Not to the stream itself: ImageIO would then write a temporary file.
    try (var memory = new MemoryCacheImageOutputStream(png)) {
      if (!ImageIO.write(drawing, "png", memory)) {
        throw new IllegalStateException("explain: PNG writer expected in this Java, got none");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return png.toByteArray();
  }
}
