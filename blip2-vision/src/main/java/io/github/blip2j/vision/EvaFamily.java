package io.github.blip2j.vision;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.List;
import java.util.Optional;

/** EVA ViT-g; missing values of a {@code vision_config} are its. */
final class EvaFamily implements VisionFamily {
  private final LavisEncoder lavis = new LavisVisionTransformer(VisionTransformerKind.EVA);

  @Override
  public String name() {
    return "EVA";
  }

  @Override
  public List<String> modelTypes() {
    // The model types of whole models stand for an encoder whose own is not told.
    return List.of(
        "blip_2_vision_model", "instructblip_vision_model", "eva_clip_g", "blip-2", "instructblip");
  }

  @Override
  public VisionConfig read(ConfigJson json) throws CheckpointException {
    return VisionTransformerConfig.read(json, VisionTransformerConfig.evaG());
  }

  @Override
  public Optional<String> landmark() {
    return Optional.of("embeddings.patch_embedding.weight");
  }

  @Override
  public boolean isInHuggingFaceBlip2() {
    return true;
  }

  @Override
  public Optional<LavisEncoder> lavis() {
    return Optional.of(lavis);
  }
}
