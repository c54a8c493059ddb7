package org.example.research;

import io.github.blip2j.pretraining.StageOneParts;
import io.github.blip2j.vision.VisionFamilies;
import io.github.blip2j.vision.image.ImageProcessorConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A folder of the encoder, with weights that transformers made for its SigLIP. */
final class TinySiglips {
  static final Path GOLDEN = golden("vision").resolve("hf-siglip");
  private static final Path BERT = golden("qformer").resolve("hf-bert");

  private TinySiglips() {}

  private static Path golden(String module) {
    return Path.of("..", "blip2-" + module, "src", "test", "resources", "golden");
  }

  static VisionFamilies families() {
    return VisionFamilies.builtIn().with(new TinySiglipFamily());
  }

  /** Without settings of an image processor, which are the family's then. */
  static Path folder(Path folder) throws IOException {
    Files.createDirectories(folder);
    String config = Files.readString(GOLDEN.resolve("config.json"));
    Files.writeString(
        folder.resolve("config.json"), config.replace("siglip_vision_model", "tiny_siglip"));
    Files.copy(GOLDEN.resolve("model.safetensors"), folder.resolve("model.safetensors"));
    return folder;
  }

  /** With a plain BERT, what the first stage begins from. */
  static StageOneParts parts(Path folder) throws IOException {
    return StageOneParts.of(folder(folder), BERT).withVisionFamilies(families());
  }

  /** What the family prefers. */
  static ImageProcessorConfig processor() {
    return ImageProcessorConfig.siglip(40);
  }

  /** The folder of the first stage's tokenizer. */
  static Path words() {
    return BERT;
  }
}
