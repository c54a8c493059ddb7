package io.github.blip2j.fuzz;

import io.github.blip2j.data.CaptionFile;
import io.github.blip2j.data.DataFile;
import io.github.blip2j.data.ObjectFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Caption files, and files of other data sets: read, or refused with words. */
public final class CaptionFileTarget {
  private static final Path FOLDER = Scratch.folder("captions");

  private CaptionFileTarget() {}

  /** A way to read a file. */
  @FunctionalInterface
  private interface Reading {
    void run() throws IOException;
  }

  /** Reads one file, for training, for evaluation, as results, and as annotations of questions. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Path file = Files.write(FOLDER.resolve("captions.json"), data);
    DataFile records = DataFile.of(file);
    DataFile joined = records.withAnnotations(file);
    List<Reading> readings =
        List.of(
            () -> CaptionFile.read(file),
            records::read,
            joined::read,
            records::readImages,
            records::readQuestions,
            joined::readQuestions,
            () -> ObjectFile.of(file).forEach("objects", (key, each) -> each.text("caption")));
    for (Reading each : readings) {
      try {
        each.run();
      } catch (IOException e) {
        Messages.require(e);
      }
    }
  }
}
