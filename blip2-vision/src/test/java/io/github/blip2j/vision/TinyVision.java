package io.github.blip2j.vision;

/** Vision transformers of three by three patches of four by four pixels. */
final class TinyVision {
  static final int DIM = 10;
  static final int PATCH = 4;
  static final int SIDE = 12;

  private TinyVision() {}

  static VisionTransformerConfig config(int layers) {
    return of(VisionTransformerKind.EVA, layers, 0);
  }

  static VisionTransformerConfig of(VisionTransformerKind kind, int layers, double dropPath) {
    VisionTransformerConfig released =
        switch (kind) {
          case EVA -> VisionTransformerConfig.evaG();
          case CLIP -> VisionTransformerConfig.clipL();
          case SIGLIP -> VisionTransformerConfig.siglipBase();
        };
    return released.withSizes(DIM, layers, 2, 14).withPatches(SIDE, PATCH).withDropPath(dropPath);
  }
}
