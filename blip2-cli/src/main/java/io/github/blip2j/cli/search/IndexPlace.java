package io.github.blip2j.cli.search;

import io.github.blip2j.search.PhotoIndex;
import java.nio.file.Path;

/** Where the index is that {@code --index} names. */
public final class IndexPlace {
  private IndexPlace() {}

  /** The index in a folder of photos, or else the folder itself. */
  public static Path of(Path named) {
    Path usual = PhotoIndex.usualFolder(named);
    return PhotoIndex.isIn(usual) ? usual : named;
  }
}
