package io.github.blip2j.cli.option;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.FileName;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import io.github.blip2j.vision.image.ImageFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Images as a command line names them: files, or {@code -} for standard input. */
public record ImageArguments(Console console, boolean exif) {
  public static final String STANDARD_INPUT = "-";

  public Image read(String image) throws IOException {
    return image.equals(STANDARD_INPUT)
        ? new ImageDecoder()
            .withExifRotation(exif)
            .decode(console.in().readAllBytes(), "standard input")
        : read(FileName.path(image));
  }

  public Image read(Path image) throws IOException {
    return new ImageDecoder().withExifRotation(exif).decode(image);
  }

  /**
   * The named files, and all images in the named folders and their subfolders.
   *
   * @throws IOException if a folder holds none or can't be read
   */
  public static List<Path> files(List<String> named) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String name : named) {
      files.addAll(files(name));
    }
    return files;
  }

  /** The names of the images of these arguments: images in folders, files, standard input. */
  public static List<String> names(List<String> named) throws IOException {
    List<String> names = new ArrayList<>();
    for (String name : named) {
      if (name.equals(STANDARD_INPUT)) {
        names.add(name);
      } else {
        files(name).forEach(file -> names.add(FileName.of(file)));
      }
    }
    return names;
  }

  private static List<Path> files(String name) throws IOException {
    Path path = FileName.path(name);
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    List<Path> found = ImageFiles.in(path);
    if (found.isEmpty()) {
      throw new IOException(name + ": images expected in the folder, got none");
    }
    return found;
  }

  /** Standard input can be read only once. */
  public static void requireReadable(List<String> images) {
    if (images.stream().filter(STANDARD_INPUT::equals).count() > 1) {
      throw new IllegalArgumentException(
          "-: standard input expected once, got it several times; name files instead");
    }
  }
}
