package io.github.blip2j.io.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A file could not be written, usually because the disk is full. The message names the file, the
 * cause and a remedy.
 */
public final class UnwrittenFileException extends IOException {
  private static final long serialVersionUID = 1;

  /** Creates the exception; {@code file} is the target, not the temporary file. */
  public UnwrittenFileException(Path file, IOException cause) {
    super(
        String.format(
            Locale.ROOT,
            "%s: file expected to be written, got %s; make room and run it again",
            file,
            cause.getMessage()),
        cause);
  }
}
