package io.github.blip2j.pretraining.source;

import io.github.blip2j.data.DataException;
import io.github.blip2j.pretraining.features.ImageList;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The images of several sources, each once: those of two sets of records may be the same files. */
public final class JoinedImages implements ImageList {
  private final List<String> names = new ArrayList<>();
  private final List<Place> places = new ArrayList<>();

  /** Where an image is. */
  private record Place(ImageList list, int index) {}

  private JoinedImages() {}

  /**
   * Joins the images of sources.
   *
   * @throws DataException if images in shards have one name, because the shards have
   */
  public static ImageList of(List<? extends CaptionSource> sources) throws DataException {
    var joined = new JoinedImages();
    Map<String, CaptionSource> known = new HashMap<>();
    for (CaptionSource source : sources) {
      ImageList list = source.images();
      for (int i = 0; i < list.names().size(); i++) {
        String name = list.names().get(i);
        CaptionSource before = known.putIfAbsent(name, source);
        if (before == null) {
          joined.names.add(name);
          joined.places.add(new Place(list, i));
        } else if (source instanceof ShardSource || before instanceof ShardSource) {
          throw new DataException(
              String.format(
                  Locale.ROOT,
                  "data: shards expected whose file names differ, got %s twice; rename one",
                  name));
        }
      }
    }
    return joined;
  }

  @Override
  public List<String> names() {
    return names;
  }

  @Override
  public long bytes(int index) throws IOException {
    Place place = places.get(index);
    return place.list.bytes(place.index);
  }

  @Override
  public Image read(int index, ImageProcessor processor) throws IOException {
    Place place = places.get(index);
    return place.list.read(place.index, processor);
  }
}
