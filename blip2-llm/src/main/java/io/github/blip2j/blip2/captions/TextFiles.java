package io.github.blip2j.blip2.captions;

import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.PathName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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
   * @throws IllegalArgumentException if two images would share a file, or the place of one is taken
   *     by a folder
   */
  TextFiles(List<Path> images, boolean anew) {
    this.anew = anew;
    images.forEach(image -> requireFile(beside(image)));
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

  /** Refuses what could be neither a caption nor replaced by one, before any work is done. */
  private static void requireFile(Path file) {
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          PathName.of(file)
              + ": text file expected beside the image, got "
              + (Files.isDirectory(file) ? "a folder" : "something else")
              + "; rename it, or write all to one file");
    }
  }

  /** Whether the image has a caption; an empty file is none. */
  @Override
  public boolean has(Path image) throws IOException {
    Path file = beside(image);
    return !anew && Files.exists(file) && Files.size(file) > 0;
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
