package io.github.blip2j.vision;

import io.github.blip2j.golden.ConfigText;
import io.github.blip2j.io.CheckpointException;

/** A vision transformer of three by three patches of four by four pixels. */
final class TinyVision {
  static final int DIM = 10;
  static final int PATCH = 4;
  static final int SIDE = 12;

  private TinyVision() {}

  static VisionConfig config(int layers) {
    String json =
        """
        {"hidden_size": 10, "num_hidden_layers": %d, "num_attention_heads": 2,
         "intermediate_size": 14, "image_size": 12, "patch_size": 4}
        """;
    try {
      return VisionConfig.fromJson(ConfigText.of(json.formatted(layers)));
    } catch (CheckpointException e) {
      throw new AssertionError(e);
    }
  }
}
