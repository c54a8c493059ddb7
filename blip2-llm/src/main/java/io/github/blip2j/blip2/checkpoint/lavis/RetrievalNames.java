package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.qformer.StageOneNames;
import io.github.blip2j.vision.LavisVisionNames;
import io.github.blip2j.vision.VisionConfig;

/**
 * How checkpoints of BLIP-2's first stage spell its parameters: {@code vision.*} for the vision
 * encoder, the rest as {@link StageOneNames} lists it.
 */
public final class RetrievalNames {
  private RetrievalNames() {}

  /**
   * As LAVIS does, with either vision encoder.
   *
   * @param vision sizes of the vision encoder; LAVIS stores EVA's without a bias of the keys
   */
  public static KeyMap lavis(VisionConfig vision) {
    KeyMap.Builder keys = KeyMap.builder();
    LavisVisionNames.add(keys, vision, "vision", "visual_encoder");
    return StageOneNames.addLavis(keys).build();
  }

  /** As Hugging Face does in {@code Blip2ForImageTextRetrieval}. */
  public static KeyMap huggingFace() {
    KeyMap.Builder keys = KeyMap.builder();
    HuggingFaceNames.vision(keys);
    return StageOneNames.addHuggingFace(keys).build();
  }
}
