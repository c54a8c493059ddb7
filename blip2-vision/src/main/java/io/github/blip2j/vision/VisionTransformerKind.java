package io.github.blip2j.vision;

import io.github.blip2j.tensor.types.Shape;

/** The architectures of {@link VisionTransformer}. */
public enum VisionTransformerKind {
  /** EVA-CLIP (Fang et al. 2023): patches with a bias, positions interpolated between centres. */
  EVA,
  /**
   * CLIP (Radford et al. 2021): patches without a bias, a norm before the first block, positions
   * interpolated from corner to corner. Its class token and positions are stored without the
   * leading axes of length 1.
   */
  CLIP,
  /**
   * SigLIP (Zhai et al. 2023): no class token, patches with a bias, a norm after the last block,
   * positions interpolated between centres.
   */
  SIGLIP;

  // LAVIS keeps the activations of CLIP's first blocks, and recomputes all of EVA's.
  private static final int FIRST_RECOMPUTED_OF_CLIP = 13;

  /** The descriptor of this kind. */
  VisionFamily family() {
    return switch (this) {
      case EVA -> VisionFamilies.EVA;
      case CLIP -> VisionFamilies.CLIP;
      case SIGLIP -> VisionFamilies.SIGLIP;
    };
  }

  boolean hasClassToken() {
    return this != SIGLIP;
  }

  boolean patchBias() {
    return this != CLIP;
  }

  boolean normsBeforeBlocks() {
    return this == CLIP;
  }

  boolean normsAfterBlocks() {
    return this == SIGLIP;
  }

  boolean alignsCorners() {
    return this == CLIP;
  }

  /**
   * The first block that a {@linkplain io.github.blip2j.nn.ForwardPass#withGradientCheckpointing
   * pass} recomputes.
   */
  int firstRecomputed() {
    return this == CLIP ? FIRST_RECOMPUTED_OF_CLIP : 0;
  }

  Shape classTokenShape(int dim) {
    return this == CLIP ? Shape.of(dim) : Shape.of(1, 1, dim);
  }

  Shape positionsShape(long tokens, int dim) {
    return this == EVA ? Shape.of(1, tokens, dim) : Shape.of(tokens, dim);
  }

  /** The axis of the stored positions that counts tokens. */
  int positionsAxis() {
    return this == EVA ? 1 : 0;
  }
}
