package io.github.blip2j.blip2.checkpoint.files;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A stored BLIP-2 or InstructBLIP with a language model, in any layout. A source holds paths and
 * sizes; nothing stays open between calls.
 */
public interface Blip2Source {
  /** The sizes. */
  Blip2Config config();

  /** What was assumed of a setting that is missing, for messages; mostly empty. */
  default String assumption() throws IOException {
    return "";
  }

  /** Opens the weights under the model's names. Parameters that are not stored are drawn. */
  OpenWeights open() throws IOException;

  /** Opens the tokenizer of the language model, which the caller closes. */
  HuggingFaceTokenizer tokenizer() throws IOException;

  /**
   * Opens the tokenizer of the Q-Former's instructions, which the caller closes; null if the
   * Q-Former takes none.
   */
  @Nullable HuggingFaceTokenizer instructionTokenizer() throws IOException;

  /** The image processor. */
  ImageProcessor processor() throws IOException;

  /** The {@code text_config} of Hugging Face. */
  JsonObject textConfig() throws IOException;

  /** Copies the tokenizers to the places that they have in a folder of Hugging Face. */
  void copyTokenizers(Path folder) throws IOException;

  /**
   * Writes all files of a Hugging Face folder except weights.
   *
   * @throws io.github.blip2j.io.file.CheckpointException if Hugging Face has no such model
   */
  void describe(Path folder) throws IOException;
}
