package io.github.blip2j.cli.console;

import io.github.blip2j.io.file.PathName;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** What files are called on command lines and in what is printed ({@link PathName}). */
public final class FileName {
  private FileName() {}

  /** A path as text, with numbers for bytes that are none. */
  public static String of(Path file) {
    return PathName.of(file);
  }

  /**
   * The file of a name.
   *
   * @throws InvalidPathException if no file can have it
   */
  public static Path path(String name) {
    return PathName.typed(name);
  }
}
