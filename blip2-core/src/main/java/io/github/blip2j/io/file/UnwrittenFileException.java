package io.github.blip2j.io.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** A file could not be written, mostly for want of room: says which, why and what to do. */
public final class UnwrittenFileException extends IOException {
  private static final long serialVersionUID = 1;

  /** Of the file as the user knows it, not the temporary one that was written to. */
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
