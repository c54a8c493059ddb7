package io.github.blip2j.mcp;

import io.github.blip2j.io.file.PathName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The folders whose files tools may read. A path counts as where it really leads, links resolved;
 * of everything else a client learns nothing, not even whether it exists.
 */
final class AllowedFolders {
  private final List<Path> roots; // real paths

  /**
   * Folders.
   *
   * @throws IOException if one is none
   */
  AllowedFolders(List<Path> folders) throws IOException {
    if (folders.isEmpty()) {
      throw new IllegalArgumentException("mcp: at least one folder expected, got none");
    }
    List<Path> real = new ArrayList<>();
    for (Path folder : folders) {
      if (!Files.isDirectory(folder)) {
        throw new IOException(PathName.of(folder) + ": folder expected, got none; check the path");
      }
      real.add(folder.toRealPath());
    }
    this.roots = List.copyOf(real);
  }

  /** The folders as texts. */
  List<String> names() {
    return roots.stream().map(PathName::of).toList();
  }

  /** Whether a real path is below one of the folders. */
  boolean contains(Path real) {
    return roots.stream().anyMatch(real::startsWith);
  }

  /**
   * A file for reading.
   *
   * @param argument what names it, for messages
   * @param given absolute, or below one of the folders
   * @throws IllegalArgumentException if it is elsewhere, or no file
   */
  Path file(String argument, String given) {
    boolean below = false;
    boolean away = false; // by a link
    for (Path root : roots) {
      Path path;
      try {
        path = PathName.listed(root, given).normalize();
      } catch (InvalidPathException e) {
        throw new IllegalArgumentException(
            argument + ": path expected, got characters that no path has", e);
      }
      if (!contains(path)) {
        continue;
      }
      below = true;
      try {
        Path real = path.toRealPath();
        if (contains(real) && Files.isRegularFile(real)) {
          return real;
        }
        away |= !contains(real);
      } catch (IOException e) {
        // not there: the next folder may have it
      }
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            below && !away
                ? "%s: file below %s expected, got no file: '%s'"
                : "%s: file below %s expected, got one elsewhere: '%s'",
            argument,
            names(),
            given));
  }
}
