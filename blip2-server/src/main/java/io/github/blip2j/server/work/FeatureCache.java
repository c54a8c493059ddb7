package io.github.blip2j.server.work;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.inference.MatchingFeatures;
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

  /** Features of an image, of either kind. */
  private record Kept(Object features, long bytes, Runnable close) {
    static Kept of(ImageFeatures features) {
      return new Kept(features, features.bytes(), features::close);
    }

    static Kept of(MatchingFeatures features) {
      return new Kept(features, features.bytes(), features::close);
    }
  }

  private final long budget;
  private final WorkListener listener;
  private final Map<Key, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
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

  /** The features of each picture by a model that generates, which hold until {@link #trim}. */
  List<ImageFeatures> of(ServedModel model, List<Picture> pictures, Bench bench)
      throws IOException {
    List<Picture> missing = missing(model, pictures);
    if (!missing.isEmpty()) {
      Blip2 blip2 = model.blip2().withCancellation(bench.token());
      List<Image> images = images(missing, bench);
      try (ImageFeatures all = Picture.resized(missing, () -> blip2.encode(images))) {
        keep(model, missing, all.each().stream().map(Kept::of).toList());
      }
    }
    return found(model, pictures, ImageFeatures.class);
  }

  /** The features of each picture by a model that matches, which hold until {@link #trim}. */
  List<MatchingFeatures> matching(ServedModel model, List<Picture> pictures, Bench bench)
      throws IOException {
    List<Picture> missing = missing(model, pictures);
    if (!missing.isEmpty()) {
      ImageTextMatcher matcher = model.matcher().withCancellation(bench.token());
      List<Image> images = images(missing, bench);
      try (MatchingFeatures all = Picture.resized(missing, () -> matcher.encode(images))) {
        keep(model, missing, all.each().stream().map(Kept::of).toList());
      }
    }
    return found(model, pictures, MatchingFeatures.class);
  }

  private List<Picture> missing(ServedModel model, List<Picture> pictures) {
    Map<Key, Picture> missing = new LinkedHashMap<>();
    for (Picture picture : pictures) {
      var key = new Key(model, picture.hash());
      boolean there = kept.containsKey(key) || missing.containsKey(key);
      listener.features(there);
      if (!there) {
        missing.put(key, picture);
      }
    }
    return List.copyOf(missing.values());
  }

  private static List<Image> images(List<Picture> pictures, Bench bench) throws IOException {
    List<Image> images = new ArrayList<>();
    for (Picture picture : pictures) {
      images.add(picture.decode(bench.maxPixels()));
    }
    return images;
  }

  private void keep(ServedModel model, List<Picture> pictures, List<Kept> each) {
    for (int i = 0; i < each.size(); i++) {
      bytes += each.get(i).bytes();
      kept.put(new Key(model, pictures.get(i).hash()), each.get(i));
    }
  }

  private <F> List<F> found(ServedModel model, List<Picture> pictures, Class<F> kind) {
    List<F> found = new ArrayList<>();
    for (Picture picture : pictures) {
      Kept one = kept.get(new Key(model, picture.hash()));
      if (one == null) {
        throw new AssertionError("features of an image that was just encoded");
      }
      found.add(kind.cast(one.features()));
    }
    return found;
  }

  /** Drops those that were not used for longest, down to the budget. */
  void trim() {
    Iterator<Kept> oldest = kept.values().iterator();
    while (bytes > budget && oldest.hasNext()) {
      Kept features = oldest.next();
      bytes -= features.bytes();
      oldest.remove();
      features.close().run();
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
              entry.getValue().close().run();
              return true;
            });
  }
}
