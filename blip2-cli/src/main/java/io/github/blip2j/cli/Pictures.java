package io.github.blip2j.cli;

import io.github.blip2j.vision.image.ImageDecoder;
import io.github.blip2j.vision.image.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Pictures as they are named on a command line: files, or {@code -} for standard input. */
record Pictures(Console console, boolean exif) {
  private static final String STANDARD_INPUT = "-";

  RgbImage read(String image) throws IOException {
    var decoder = new ImageDecoder().withExifRotation(exif);
    return image.equals(STANDARD_INPUT)
        ? decoder.decode(console.in().readAllBytes(), "standard input")
        : decoder.decode(Path.of(image));
  }

  /** Standard input can be read only once. */
  static void requireReadable(List<String> images) {
    if (images.stream().filter(STANDARD_INPUT::equals).count() > 1) {
      throw new IllegalArgumentException(
          "-: standard input expected once, got it several times; name files instead");
    }
  }
}
