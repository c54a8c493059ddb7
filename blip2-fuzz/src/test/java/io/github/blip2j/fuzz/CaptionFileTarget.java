package io.github.blip2j.fuzz;

import io.github.blip2j.data.CaptionFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Caption files: read, or refused with words. */
public final class CaptionFileTarget {
  private static final Path FOLDER = Scratch.folder("captions");

  private CaptionFileTarget() {}

  /** Reads one file. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Path file = Files.write(FOLDER.resolve("captions.json"), data);
    try {
      CaptionFile.read(file);
    } catch (IOException e) {
      Messages.require(e);
    }
  }
}
