package io.github.blip2j.vision;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.Attention.InputBias;
import io.github.blip2j.nn.KeyMap;
import java.util.Locale;
import java.util.Set;

/**
 * LAVIS's files of EVA and CLIP.
 *
 * @param kind either
 */
record LavisVisionTransformer(VisionTransformerKind kind) implements LavisEncoder {
  private static final String MLP = ".layers.0.mlp.up.weight";
  private static final String POSITIONS = ".positions";
  private static final int EVA_HEAD_WIDTH = 88;
  private static final int CLIP_HEAD_WIDTH = 64;

  private boolean isClip() {
    return kind == VisionTransformerKind.CLIP;
  }

  @Override
  public boolean isIn(Set<String> stored, String theirs) {
    return stored.contains(LavisVisionNames.patches(kind, theirs));
  }

  @Override
  public VisionTransformerConfig released() {
    return isClip()
        ? VisionTransformerConfig.clipL()
        : VisionTransformerConfig.evaG().withInputBias(InputBias.QUERY_AND_VALUE);
  }

  @Override
  public int dim(Shapes shapes, String path) throws CheckpointException {
    return shapes.size(path + POSITIONS, kind.positionsAxis() + 1);
  }

  @Override
  public VisionConfig sizes(String where, Shapes shapes, String path, int heads)
      throws CheckpointException {
    int positions = shapes.size(path + POSITIONS, kind.positionsAxis());
    int grid = (int) Math.round(Math.sqrt(positions - 1));
    if (grid * grid != positions - 1) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: vision positions expected for a square and the class, got %d",
              where,
              positions));
    }
    int patchSize = shapes.size(path + ".patches.weight", 3);
    return released()
        .withSizes(dim(shapes, path), shapes.count(path + MLP), heads, shapes.size(path + MLP, 0))
        .withPatches(grid * patchSize, patchSize);
  }

  @Override
  public int headWidth() {
    return isClip() ? CLIP_HEAD_WIDTH : EVA_HEAD_WIDTH;
  }

  @Override
  public int heads(VisionConfig config) {
    return of(config).heads();
  }

  @Override
  public VisionConfig stored(VisionConfig config) {
    return isClip() ? config : of(config).withInputBias(InputBias.QUERY_AND_VALUE);
  }

  @Override
  public boolean lacksKeyBias() {
    return !isClip();
  }

  @Override
  public KeyMap.Builder addNames(
      KeyMap.Builder keys, VisionConfig config, String ours, String theirs) {
    return LavisVisionNames.add(keys, of(config), ours, theirs);
  }

  private static VisionTransformerConfig of(VisionConfig config) {
    if (config instanceof VisionTransformerConfig sizes) {
      return sizes;
    }
    throw new IllegalArgumentException(
        "vision: sizes expected of EVA or CLIP, got " + config.getClass().getName());
  }
}
