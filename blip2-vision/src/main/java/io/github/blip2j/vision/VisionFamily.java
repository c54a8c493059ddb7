package io.github.blip2j.vision;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.List;
import java.util.Optional;

/**
 * A family of vision encoders, found by the {@code model_type} of a {@code config.json}. {@link
 * VisionFamilies} has those that are known; a family of one's own is added to it, or provided as a
 * service.
 */
public interface VisionFamily {
  /** A short name, for messages. */
  String name();

  /**
   * The values of {@code model_type} that name it, in a {@code vision_config} or the {@code
   * config.json} of an encoder alone. The first is written.
   */
  List<String> modelTypes();

  /**
   * Reads a {@code vision_config}.
   *
   * @throws CheckpointException if a value is of the wrong kind
   * @throws IllegalArgumentException if sizes do not fit each other
   */
  VisionConfig read(ConfigJson json) throws CheckpointException;

  /**
   * A tensor that every checkpoint of such an encoder holds, by its name there. What stands before
   * it, such as {@code vision_model.} in a model of images and texts, is the prefix of the
   * encoder's tensors. Without one, the tensors have no prefix.
   */
  default Optional<String> landmark() {
    return Optional.empty();
  }

  /** Whether Hugging Face's BLIP-2 and InstructBLIP have such an encoder; only EVA's is there. */
  default boolean isInHuggingFaceBlip2() {
    return false;
  }

  /** How LAVIS's files store such an encoder, if they do; EVA and CLIP are there. */
  default Optional<LavisEncoder> lavis() {
    return Optional.empty();
  }
}
