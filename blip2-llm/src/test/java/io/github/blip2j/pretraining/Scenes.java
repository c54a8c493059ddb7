package io.github.blip2j.pretraining;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Eight drawn scenes with captions, and the small model that knows their words. */
final class Scenes {
  static final Path MODEL = Fixtures.own("lavis-stage1");
  static final Path IMAGES = MODEL.resolve("images");
  static final List<String> CAPTIONS =
      List.of(
          "a purple cross",
          "a orange square to the left of a white triangle",
          "a red star above a orange cross",
          "a red cross to the left of a white circle",
          "a green circle",
          "a blue square below a red star",
          "two white stars",
          "a triangle");

  private Scenes() {}

  /** All of them, with an id for every picture. */
  static Path captions(Path folder) throws IOException {
    return write(
        folder,
        IntStream.range(0, 8)
            .mapToObj(i -> record(i + ".png", CAPTIONS.get(i), Integer.toString(100 + i)))
            .toList());
  }

  static Path write(Path folder, List<String> records) throws IOException {
    return Files.writeString(
        folder.resolve("captions.json"),
        records.stream().collect(Collectors.joining(",\n", "[", "]")));
  }

  static String record(String image, String caption, String imageId) {
    return String.format(
        Locale.ROOT,
        "{\"image\": \"%s\", \"caption\": \"%s\", \"image_id\": %s}",
        image,
        caption,
        imageId);
  }

  static ImageProcessor processor() {
    return ImageProcessor.blip2(32);
  }

  /** All of them in batches. */
  static CaptionBatches batches(Path folder, int batchSize, long seed) throws IOException {
    CaptionSet set = CaptionSet.open(List.of(captions(folder)), IMAGES, CaptionSet.Faulty.REFUSE);
    return CaptionBatches.of(set, processor(), batchSize, seed);
  }
}
