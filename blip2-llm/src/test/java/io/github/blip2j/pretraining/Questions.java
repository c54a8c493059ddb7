package io.github.blip2j.pretraining;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Three pictures with instructions and answers, and the small InstructBLIP that shall learn them.
 */
final class Questions {
  static final Path MODEL = Fixtures.own("hf-instructblip");
  private static final List<String> RECORDS =
      List.of(
          record("a.png", "describe the picture", "two orange squares"),
          record("b.png", "what color is the ring?", "black"),
          record("a.png", "what color is the ring?", "white"),
          "{\"image\": \"c.png\", \"caption\": \"a triangle\"}");

  private Questions() {}

  private static String record(String image, String input, String output) {
    return String.format(
        Locale.ROOT,
        "{\"image\": \"%s\", \"text_input\": \"%s\", \"text_output\": \"%s\"}",
        image,
        input,
        output);
  }

  /** All of them and a caption, in batches. */
  static CaptionBatches batches(Path folder, int batchSize) throws IOException {
    Path file = Files.write(folder.resolve("questions.jsonl"), RECORDS);
    CaptionSet set =
        CaptionSet.open(List.of(file), MODEL.resolve("images"), CaptionSet.Faulty.REFUSE);
    return CaptionBatches.of(set, ImageProcessor.load(MODEL), batchSize, 42).withDialogues();
  }
}
