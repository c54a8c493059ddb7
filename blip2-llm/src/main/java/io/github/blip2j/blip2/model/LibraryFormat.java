package io.github.blip2j.blip2.model;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionFamilies;
import java.util.Locale;

/**
 * The folder format of this library, for models that Hugging Face has no place for: its files and
 * keys are Hugging Face's, tensors have the names of this library's parameters, and the vision
 * encoder is of any family. transformers refuses its {@code model_type}.
 */
public final class LibraryFormat {
  /** The {@code model_type} of its {@code config.json}. */
  public static final String MODEL_TYPE = "blip2j";

  /** The key for the longest text in training and matching. */
  public static final String MAX_TEXT_TOKENS = "max_text_tokens";

  private LibraryFormat() {}

  /** Whether a {@code config.json} is of this format. */
  public static boolean isIn(ConfigJson json) throws CheckpointException {
    return json.stringAt("model_type", "").equals(MODEL_TYPE);
  }

  /**
   * Reads the {@code vision_config} of a BLIP-2 in this format or in Hugging Face's.
   *
   * @throws CheckpointException if the family is not known, Hugging Face has no BLIP-2 with it, or
   *     a value is of the wrong kind
   */
  public static VisionConfig vision(ConfigJson json, VisionFamilies families)
      throws CheckpointException {
    ConfigJson told = json.childOrEmpty("vision_config");
    if (isIn(json)) {
      return families.read(told, "");
    }
    VisionConfig vision = families.read(told, VisionFamilies.EVA.modelTypes().get(0));
    if (!vision.family().isInHuggingFaceBlip2()) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: vision_config.model_type expected EVA's, the one Hugging Face's BLIP-2 has, got"
                  + " %s; a folder with another has the model_type %s",
              json,
              vision.family().name(),
              MODEL_TYPE));
    }
    return vision;
  }
}
