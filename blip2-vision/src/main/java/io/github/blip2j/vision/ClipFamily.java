package io.github.blip2j.vision;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.List;
import java.util.Optional;

/** CLIP ViT-L as in LAVIS, under LAVIS's name. */
final class ClipFamily implements VisionFamily {
  private final LavisEncoder lavis = new LavisVisionTransformer(VisionTransformerKind.CLIP);

  @Override
  public String name() {
    return "CLIP";
  }

  @Override
  public List<String> modelTypes() {
    return List.of("clip_L");
  }

  @Override
  public VisionConfig read(ConfigJson json) throws CheckpointException {
    return VisionTransformerConfig.read(json, VisionTransformerConfig.clipL());
  }

  @Override
  public Optional<LavisEncoder> lavis() {
    return Optional.of(lavis);
  }
}
