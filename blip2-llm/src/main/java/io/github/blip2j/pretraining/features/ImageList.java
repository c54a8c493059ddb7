package io.github.blip2j.pretraining.features;

import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Images in an order, wherever they lie, whose features are stored. */
public interface ImageList {
  /** Their names, which differ, in the order of the rows. */
  List<String> names();

  /** The size of an image's file, which tells whether it has changed. */
  long bytes(int index) throws IOException;

  /**
   * Decodes an image.
   *
   * @throws io.github.blip2j.vision.image.UnreadableImageException if it is damaged
   */
  Image read(int index, ImageProcessor processor) throws IOException;

  /** Files by their names in the records, in the order of the rows. */
  static ImageList of(Map<String, Path> files) {
    List<String> names = List.copyOf(files.keySet());
    List<Path> paths = List.copyOf(files.values());
    return new ImageList() {
      @Override
      public List<String> names() {
        return names;
      }

      @Override
      public long bytes(int index) throws IOException {
        return Files.size(paths.get(index));
      }

      @Override
      public Image read(int index, ImageProcessor processor) throws IOException {
        return processor.read(paths.get(index));
      }
    };
  }
}
