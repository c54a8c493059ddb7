package io.github.blip2j.vision;

import io.github.blip2j.tensor.Activation;

/** A vision transformer of three by three patches of four by four pixels. */
final class TinyVision {
  static final int DIM = 10;
  static final int PATCH = 4;
  static final int SIDE = 12;

  private TinyVision() {}

  static VisionConfig config(int layers) {
    return new VisionConfig(DIM, layers, 2, 14, SIDE, PATCH, Activation.GELU, 1e-6, true);
  }
}
