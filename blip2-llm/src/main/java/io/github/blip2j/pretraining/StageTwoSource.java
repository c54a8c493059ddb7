package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a model of the second stage comes from; read once more when the model is exported. */
interface StageTwoSource {
  /** The sizes. */
  Blip2Config config();

  /** All weights that are stored; those that are not are drawn. */
  OpenWeights open() throws IOException;

  /** The tokenizer of the language model, which the caller closes. */
  HuggingFaceTokenizer tokenizer() throws IOException;

  /**
   * The tokenizer of the Q-Former's instructions, which the caller closes; null if it takes none.
   */
  default @Nullable HuggingFaceTokenizer instructionTokenizer() throws IOException {
    return null;
  }

  /** How pictures are prepared for it. */
  ImageProcessor processor() throws IOException;

  /**
   * Writes all files of a Hugging Face folder except weights.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if Hugging Face has no such model
   */
  void describe(Path folder) throws IOException;
}
