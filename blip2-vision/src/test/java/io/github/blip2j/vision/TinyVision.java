package io.github.blip2j.vision;

import io.github.blip2j.nn.Attention.InputBias;
import io.github.blip2j.tensor.types.Activation;

/** Vision transformers of three by three patches of four by four pixels. */
final class TinyVision {
  static final int DIM = 10;
  static final int PATCH = 4;
  static final int SIDE = 12;

  private TinyVision() {}

  static VisionConfig config(int layers) {
    return of(VisionFamily.EVA, layers, 0);
  }

  static VisionConfig of(VisionFamily family, int layers, double dropPath) {
    Activation activation = family == VisionFamily.EVA ? Activation.GELU : Activation.QUICK_GELU;
    return new VisionConfig(
        family, DIM, layers, 2, 14, SIDE, PATCH, activation, 1e-6, InputBias.ALL, dropPath);
  }
}
