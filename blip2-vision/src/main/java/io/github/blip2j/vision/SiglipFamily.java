package io.github.blip2j.vision;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.List;
import java.util.Optional;

/** SigLIP; missing values of a {@code vision_config} are those of its base size. */
final class SiglipFamily implements VisionFamily {
  @Override
  public String name() {
    return "SigLIP";
  }

  @Override
  public List<String> modelTypes() {
    // The model type of a whole SigLIP stands for an encoder whose own is not told.
    return List.of("siglip_vision_model", "siglip");
  }

  @Override
  public VisionConfig read(ConfigJson json) throws CheckpointException {
    return VisionTransformerConfig.read(json, VisionTransformerConfig.siglipBase());
  }

  @Override
  public Optional<String> landmark() {
    return Optional.of("embeddings.patch_embedding.weight");
  }
}
