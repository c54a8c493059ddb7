package io.github.blip2j.fuzz;

import io.github.blip2j.data.DataFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tables of records: read, or refused with words. */
public final class TableTarget {
  private static final Path FOLDER = Scratch.folder("tables");

  private TableTarget() {}

  /** Reads one table, with a header and as Flickr30k's without. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    for (String name : new String[] {"table.csv", "table.token"}) {
      Path file = Files.write(FOLDER.resolve(name), data);
      try {
        DataFile.of(file).read();
      } catch (IOException e) {
        Messages.require(e);
      }
    }
  }
}
