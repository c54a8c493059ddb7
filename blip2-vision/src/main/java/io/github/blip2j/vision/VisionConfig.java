package io.github.blip2j.vision;

import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.ConfigJson;
import io.github.blip2j.tensor.Activation;

/**
 * Sizes of a vision transformer.
 *
 * @param dim width
 * @param imageSize side of the pictures it was trained on, in pixels
 * @param patchSize side of a patch, in pixels
 * @param inputBias whether query, key and value have a bias
 */
public record VisionConfig(
    int dim,
    int layers,
    int heads,
    int mlpDim,
    int imageSize,
    int patchSize,
    Activation activation,
    double normEps,
    boolean inputBias) {

  /** Checks that heads divide the width and that a picture holds a patch. */
  public VisionConfig {
    if (heads <= 0 || dim % heads != 0) {
      throw new IllegalArgumentException(
          "VisionConfig: heads must divide dim, got heads=%d, dim=%d".formatted(heads, dim));
    }
    if (patchSize <= 0 || imageSize < patchSize) {
      throw new IllegalArgumentException(
          "VisionConfig: patchSize must be within imageSize, got patchSize=%d, imageSize=%d"
              .formatted(patchSize, imageSize));
    }
  }

  /** EVA ViT-g as in {@code Salesforce/blip2-opt-2.7b}, 39 of its 40 layers (section 3.1). */
  public static VisionConfig evaG() {
    return new VisionConfig(1408, 39, 16, 6144, 224, 14, Activation.GELU, 1e-6, true);
  }

  /** Reads the {@code vision_config} of a {@code config.json}; what it leaves out is ViT-g's. */
  public static VisionConfig fromJson(ConfigJson json) throws CheckpointException {
    VisionConfig otherwise = evaG();
    return new VisionConfig(
        json.sizeAt("hidden_size", otherwise.dim),
        json.sizeAt("num_hidden_layers", otherwise.layers),
        json.sizeAt("num_attention_heads", otherwise.heads),
        json.sizeAt("intermediate_size", otherwise.mlpDim),
        json.sizeAt("image_size", otherwise.imageSize),
        json.sizeAt("patch_size", otherwise.patchSize),
        Activation.named(json.stringAt("hidden_act", "gelu")),
        json.doubleAt("layer_norm_eps", otherwise.normEps),
        json.booleanAt("qkv_bias", true));
  }

  /** Patches along one side of a training picture. */
  public int grid() {
    return imageSize / patchSize;
  }
}
