package io.github.blip2j.data;

import io.github.blip2j.io.file.PathName;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The image of a record, as its file names it.
 *
 * @param paths where the image may be within a folder, the first that exists counts: one path if
 *     the record states it, more if it is derived from a number, none if the file does not tell, as
 *     with captions that are only compared with
 * @param id id of the image, equal for records of the same image, or null
 * @param domain NoCaps' domain ({@code in-domain}, {@code near-domain}, {@code out-domain}), or
 *     null
 * @param split the part of the data set that the image belongs to, such as {@code train}, or null
 */
public record ImageReference(
    List<String> paths, @Nullable String id, @Nullable String domain, @Nullable String split) {

  /** Copies the paths. */
  public ImageReference {
    paths = List.copyOf(paths);
  }

  /** An image of a path, without an id. */
  public static ImageReference of(String path) {
    return new ImageReference(List.of(path), null, null, null);
  }

  /** This image with another id. */
  public ImageReference withId(@Nullable String newId) {
    return new ImageReference(paths, newId, domain, split);
  }

  /**
   * The path that the record states, or the likeliest.
   *
   * @throws IllegalStateException if the file does not tell one
   */
  public String path() {
    if (paths.isEmpty()) {
      throw new IllegalStateException("image " + id + ": path expected, got none");
    }
    return paths.get(0);
  }

  /** The path to read in a folder: the one that exists, or the likeliest; null if none is told. */
  public @Nullable String pathIn(Path folder) {
    return within(folder).orElse(paths.isEmpty() ? null : paths.get(0));
  }

  /** The first of the paths that is a file in a folder, relative to it; empty if none is. */
  public Optional<String> within(Path folder) {
    return paths.stream().filter(path -> isFile(folder, path)).findFirst();
  }

  private static boolean isFile(Path folder, String path) {
    try {
      return Files.isRegularFile(PathName.listed(folder, path));
    } catch (InvalidPathException e) { // no file system has such a name
      return false;
    }
  }
}
