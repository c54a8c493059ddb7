package io.github.blip2j.blip2;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.GradCam;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.HeatMap;
import io.github.blip2j.vision.ImageSize;
import io.github.blip2j.vision.RgbImage;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where in a picture a Q-Former sees what a text says (GradCAM; Selvaraju et al. 2017): for each
 * layer that reads the image, how much every patch speaks for a match. See {@link GradCam}.
 */
public final class MatchMaps {
  private final RgbImage image;
  private final int columns;
  private final Map<Integer, float[]> layers;
  private final int usual;

  private MatchMaps(RgbImage image, int columns, Map<Integer, float[]> layers, int usual) {
    this.image = image;
    this.columns = columns;
    this.layers = layers;
    this.usual = usual;
  }

  static MatchMaps of(LoadedMatcher loaded, RgbImage image, int[] text) {
    Map<Integer, float[]> layers = new TreeMap<>();
    try (var scope = Scope.open()) {
      Tensor seen;
      try (var off = GradMode.noGrad()) {
        seen = loaded.see(List.of(image));
      }
      TextBatch texts = loaded.batch(List.of(text));
      for (GradCam.Layer layer : GradCam.of(loaded.qformer(), seen, texts)) {
        layers.put(layer.index(), layer.relevance().toFloats()); // [1, N]
      }
    }
    ImageSize size = loaded.processor().size();
    int columns = size.width() / loaded.model().config().vision().patchSize();
    return new MatchMaps(image, columns, layers, usualLayer(loaded.config().bert()));
  }

  /** BLIP looks at layer 6 of 12; the same depth, or the next that reads the image. */
  private static int usualLayer(BertConfig bert) {
    int last = 0;
    for (int layer = 0; layer < bert.layers(); layer++) {
      if (bert.readsImageAt(layer)) {
        last = layer;
        if (layer >= bert.layers() / 2) {
          return layer;
        }
      }
    }
    return last;
  }

  /** The layers that read the image, from the first. */
  public List<Integer> layers() {
    return List.copyOf(layers.keySet());
  }

  /** The layer to look at if there is no reason for another: in the middle of the model. */
  public int usualLayer() {
    return usual;
  }

  /**
   * How much each patch speaks for a match, none below 0.
   *
   * @return [rows][columns], from the top left
   * @throws IllegalArgumentException if the layer does not read the image
   */
  public float[][] relevance(int layer) {
    float[] patches = layer(layer);
    float[][] rows = new float[patches.length / columns][];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = Arrays.copyOfRange(patches, row * columns, (row + 1) * columns);
    }
    return rows;
  }

  /** The map of a layer drawn over the picture, at the picture's size. */
  public RgbImage drawing(int layer) {
    float[] patches = layer(layer);
    try (var scope = Scope.open()) {
      Tensor map = Tensor.of(patches, patches.length / columns, columns);
      return HeatMap.of(map).over(image);
    }
  }

  private float[] layer(int layer) {
    float[] patches = layers.get(layer);
    if (patches == null) {
      throw new IllegalArgumentException(
          "explain: layer expected among those that read the image, %s, got %d"
              .formatted(layers.keySet(), layer));
    }
    return patches;
  }
}
