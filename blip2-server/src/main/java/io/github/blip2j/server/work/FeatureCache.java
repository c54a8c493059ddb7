package io.github.blip2j.server.work;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.nn.CancellationToken;
import io.github.blip2j.server.models.ServedModel;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Features of the images that were asked about lately, by the hash of their bytes, so that a second
 * question about an image does not look at it again. For the model thread alone.
 */
final class FeatureCache {
  /** An image, and the model that has seen it. */
  private record Key(ServedModel model, String hash) {}

  private final long budget;
  private final WorkListener listener;
  private final Map<Key, ImageFeatures> kept = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  /**
   * An empty cache.
   *
   * @param budget bytes that are kept; those of the batch under way may take more
   */
  FeatureCache(long budget, WorkListener listener) {
    this.budget = budget;
    this.listener = listener;
  }

  /** The features of each picture, which hold until {@link #trim}. */
  List<ImageFeatures> of(
      ServedModel model, List<Picture> pictures, long maxPixels, CancellationToken token)
      throws IOException {
    Map<Key, Picture> missing = new LinkedHashMap<>();
    for (Picture picture : pictures) {
      var key = new Key(model, picture.hash());
      boolean there = kept.containsKey(key) || missing.containsKey(key);
      listener.features(there);
      if (!there) {
        missing.put(key, picture);
      }
    }
    if (!missing.isEmpty()) {
      encode(model.blip2().withCancellation(token), missing, maxPixels);
    }
    List<ImageFeatures> found = new ArrayList<>();
    for (Picture picture : pictures) {
      ImageFeatures features = kept.get(new Key(model, picture.hash()));
      if (features == null) {
        throw new AssertionError("features of an image that was just encoded");
      }
      found.add(features);
    }
    return found;
  }

  private void encode(Blip2 blip2, Map<Key, Picture> missing, long maxPixels) throws IOException {
    List<Image> images = new ArrayList<>();
    for (Picture picture : missing.values()) {
      images.add(picture.decode(maxPixels));
    }
    try (ImageFeatures all = blip2.encode(images)) {
      Iterator<ImageFeatures> each = all.each().iterator();
      for (Key key : missing.keySet()) {
        ImageFeatures one = each.next();
        bytes += one.bytes();
        kept.put(key, one);
      }
    }
  }

  /** Drops those that were not used for longest, down to the budget. */
  void trim() {
    Iterator<ImageFeatures> oldest = kept.values().iterator();
    while (bytes > budget && oldest.hasNext()) {
      ImageFeatures features = oldest.next();
      bytes -= features.bytes();
      oldest.remove();
      features.close();
    }
  }

  /** Drops those of a model that is about to be closed. */
  void drop(ServedModel model) {
    kept.entrySet()
        .removeIf(
            entry -> {
              if (entry.getKey().model() != model) {
                return false;
              }
              bytes -= entry.getValue().bytes();
              entry.getValue().close();
              return true;
            });
  }
}
