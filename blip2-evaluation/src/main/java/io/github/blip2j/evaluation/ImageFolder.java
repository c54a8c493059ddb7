package io.github.blip2j.evaluation;

import io.github.blip2j.data.DataException;
import io.github.blip2j.data.RetrievalSet;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The images of a data set, in a folder. */
public final class ImageFolder {
  private final Path folder;
  private final Reader reader;

  /** Opens an image. */
  @FunctionalInterface
  public interface Reader {
    /** The image in a file. */
    Image read(Path file) throws IOException;
  }

  /**
   * Images in a folder.
   *
   * @param reader such as {@code blip2::read}
   */
  public ImageFolder(Path folder, Reader reader) {
    this.folder = folder;
    this.reader = reader;
  }

  /**
   * Checks that the files of all images exist, before any work.
   *
   * @throws DataException naming missing images
   */
  private void requireAll(Collection<String> images) throws IOException {
    List<String> distinct = images.stream().distinct().toList();
    new RetrievalSet(distinct, List.of(), List.of()).files(folder);
  }

  /** The same, by each of these ranks. */
  void requireAll(Collection<String> images, Ranks ranks) throws IOException {
    ranks.agreeIo(
        () -> {
          requireAll(images);
          return images;
        });
  }

  /**
   * The path of an item's image.
   *
   * @param where the item, for the message
   * @throws DataException if its file does not tell
   */
  static String named(String where, @Nullable String image) throws DataException {
    if (image == null) {
      throw new DataException(where + ": file name expected, got none; take a file that tells it");
    }
    return image;
  }

  /** The size of an image's file. */
  long bytes(String image) throws IOException {
    return Files.size(PathName.listed(folder, image));
  }

  Image read(String image) throws IOException {
    return reader.read(PathName.listed(folder, image));
  }
}
