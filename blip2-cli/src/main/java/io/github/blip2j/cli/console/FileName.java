package io.github.blip2j.cli.console;

import io.github.blip2j.io.file.PathName;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * Conversion between paths and their names as text. To the system a name is bytes, and not all
 * bytes are text: a name of other bytes is spelt with their numbers, as in {@code caf\xe9.png}, in
 * output and input alike.
 */
public final class FileName {
  private FileName() {}

  /** A path as text, with numbers for bytes that are not UTF-8. */
  public static String of(Path file) {
    return PathName.of(file);
  }

  /**
   * The path of a name.
   *
   * @throws InvalidPathException if no file can have it
   */
  public static Path path(String name) {
    return PathName.typed(name);
  }
}
