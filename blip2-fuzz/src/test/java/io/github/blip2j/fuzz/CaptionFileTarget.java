package io.github.blip2j.fuzz;

import io.github.blip2j.data.CaptionFile;
import io.github.blip2j.data.DataFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Caption files, and files of other data sets: read, or refused with words. */
public final class CaptionFileTarget {
  private static final Path FOLDER = Scratch.folder("captions");

  private CaptionFileTarget() {}

  /** Reads one file, for training and as records, and as annotations of questions. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Path file = Files.write(FOLDER.resolve("captions.json"), data);
    try {
      CaptionFile.read(file);
    } catch (IOException e) {
      Messages.require(e);
    }
    DataFile records = DataFile.of(file);
    for (DataFile each : new DataFile[] {records, records.withAnnotations(file)}) {
      try {
        each.read();
      } catch (IOException e) {
        Messages.require(e);
      }
    }
  }
}
