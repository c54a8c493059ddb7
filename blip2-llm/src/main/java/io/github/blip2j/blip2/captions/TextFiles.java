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

/** A text file beside each image. Files are complete or do not exist. */
final class TextFiles implements CaptionTarget {
  private final boolean anew;

  /**
   * Text files beside these images.
   *
   * @param anew whether existing files are replaced
   * @throws IllegalArgumentException if two images would share a file
   */
  TextFiles(List<Path> images, boolean anew) {
    this.anew = anew;
    Map<Path, Path> owners = new HashMap<>();
    for (Path image : images) {
      @Nullable Path other = owners.put(beside(image), image);
      if (other != null && !other.equals(image)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: a text file of its own expected beside each image, got %s for %s too; %s",
                PathName.of(image),
                PathName.of(beside(image)),
                PathName.of(other),
                "rename one, or write all to one file"));
      }
    }
  }

  @Override
  public boolean has(Path image) {
    return !anew && Files.exists(beside(image));
  }

  @Override
  public void add(Path image, List<Generated> texts) throws IOException {
    String lines = texts.stream().map(TextFiles::line).collect(Collectors.joining("\n", "", "\n"));
    OutputFile.write(beside(image), lines);
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

  private static Path beside(Path image) {
    return PathName.withEnding(image, ".txt");
  }
}
