package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The one file of a LAVIS checkpoint. */
public final class LavisFile {
  /** The name of an exported file. */
  public static final String NAME = "checkpoint.pth";

  private LavisFile() {}

  /**
   * The file of LAVIS that a path names, or null for a folder of another kind.
   *
   * @throws CheckpointException if the path does not exist, or a folder has several such files
   */
  static @Nullable public Path in(Path path) throws IOException {
    if (Files.isRegularFile(path)) {
      return path;
    }
    if (!Files.isDirectory(path)) {
      throw new CheckpointException(path + ": model expected, got nothing; check the path");
    }
    TreeSet<Path> files = new TreeSet<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(path, "*.pth")) {
      found.forEach(files::add);
    }
    if (files.size() > 1) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: one checkpoint of LAVIS expected, got %d files; name the one you mean",
              path,
              files.size()));
    }
    return files.isEmpty() ? null : files.first();
  }

  /**
   * The file of LAVIS that a path names.
   *
   * @throws CheckpointException if the path does not exist, or is a folder without such a file or
   *     with several
   */
  public static Path require(Path path) throws IOException {
    @Nullable Path file = in(path);
    if (file == null) {
      throw new CheckpointException(
          path
              + ": checkpoint of LAVIS (.pth) expected, got a folder without one; a folder of"
              + " Hugging Face is loaded as it is");
    }
    return file;
  }
}
