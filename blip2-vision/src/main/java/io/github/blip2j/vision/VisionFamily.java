package io.github.blip2j.vision;

import io.github.blip2j.tensor.types.Shape;

/** The two vision transformers that BLIP-2 was trained with. */
public enum VisionFamily {
  /** EVA-CLIP (Fang et al. 2023): patches with a bias, positions interpolated between centres. */
  EVA,
  /**
   * CLIP (Radford et al. 2021): patches without a bias, a norm before the first block, positions
   * interpolated from corner to corner. Its class token and positions are stored without the
   * leading axes of length 1.
   */
  CLIP;

  // LAVIS keeps the activations of CLIP's first blocks, and recomputes all of EVA's.
  private static final int FIRST_RECOMPUTED_OF_CLIP = 13;

  boolean patchBias() {
    return this == EVA;
  }

  boolean normsBeforeBlocks() {
    return this == CLIP;
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
    return this == CLIP ? Shape.of(tokens, dim) : Shape.of(1, tokens, dim);
  }
}
