package io.github.blip2j.blip2.captions;

import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.PathName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A text file beside each picture. A file is whole or not there. */
final class TextFiles implements CaptionTarget {
  private final boolean anew;

  /**
   * Files beside these pictures.
   *
   * @param anew whether those that are there are replaced
   * @throws IllegalArgumentException if two pictures would share one
   */
  TextFiles(List<Path> pictures, boolean anew) {
    this.anew = anew;
    Map<Path, Path> owners = new HashMap<>();
    for (Path picture : pictures) {
      @Nullable Path other = owners.put(beside(picture), picture);
      if (other != null && !other.equals(picture)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: a text file of its own expected beside each picture, got %s for %s too; %s",
                PathName.of(picture),
                PathName.of(beside(picture)),
                PathName.of(other),
                "rename one, or write all to one file"));
      }
    }
  }

  @Override
  public boolean has(Path picture) {
    return !anew && Files.exists(beside(picture));
  }

  @Override
  public void add(Path picture, List<Generated> texts) throws IOException {
    String lines = texts.stream().map(TextFiles::line).collect(Collectors.joining("\n", "", "\n"));
    OutputFile.write(beside(picture), lines);
  }

  @Override
  public void flush() {
    // Each file is complete.
  }

  @Override
  public void close() {
    // Nothing is open.
  }

  private static String line(Generated text) {
    return text.text().replaceAll("\\s*\\R\\s*", " ").strip();
  }

  private static Path beside(Path picture) {
    return PathName.withEnding(picture, ".txt");
  }
}
