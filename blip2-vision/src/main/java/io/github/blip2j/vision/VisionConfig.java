package io.github.blip2j.vision;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.Attention.InputBias;
import io.github.blip2j.nn.DropPath;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.Shape;
import java.util.Locale;

/**
 * Sizes of a vision transformer.
 *
 * @param family the architecture
 * @param dim width
 * @param imageSize side of the images it was trained on, in pixels
 * @param patchSize side of a patch, in pixels
 * @param inputBias which of query, key and value have a bias
 * @param dropPath probability of stochastic depth for the last block in training, linear down to 0
 *     for the first
 */
public record VisionConfig(
    VisionFamily family,
    int dim,
    int layers,
    int heads,
    int mlpDim,
    int imageSize,
    int patchSize,
    Activation activation,
    double normEps,
    InputBias inputBias,
    double dropPath) {

  /** Checks that heads divide the width, an image holds a patch, and a block can remain. */
  public VisionConfig {
    if (heads <= 0 || dim % heads != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "VisionConfig: heads must divide dim, got heads=%d, dim=%d",
              heads,
              dim));
    }
    if (patchSize <= 0 || imageSize < patchSize) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "VisionConfig: patchSize must be within imageSize, got patchSize=%d, imageSize=%d",
              patchSize,
              imageSize));
    }
    if (!(dropPath >= 0 && dropPath < 1)) {
      throw new IllegalArgumentException(
          "VisionConfig: dropPath must be in [0, 1), got " + dropPath);
    }
  }

  /** EVA ViT-g as in {@code Salesforce/blip2-opt-2.7b}, 39 of its 40 layers (section 3.1). */
  public static VisionConfig evaG() {
    return new VisionConfig(
        VisionFamily.EVA, 1408, 39, 16, 6144, 224, 14, Activation.GELU, 1e-6, InputBias.ALL, 0);
  }

  /** CLIP ViT-L/14, 23 of its 24 layers (section 3.1). */
  public static VisionConfig clipL() {
    return new VisionConfig(
        VisionFamily.CLIP,
        1024,
        23,
        16,
        4096,
        224,
        14,
        Activation.QUICK_GELU,
        1e-5,
        InputBias.ALL,
        0);
  }

  /** Reads the {@code vision_config} of a {@code config.json}; missing values are ViT-g's. */
  public static VisionConfig fromJson(ConfigJson json) throws CheckpointException {
    VisionConfig otherwise = evaG();
    return new VisionConfig(
        otherwise.family,
        json.sizeAt("hidden_size", otherwise.dim),
        json.sizeAt("num_hidden_layers", otherwise.layers),
        json.sizeAt("num_attention_heads", otherwise.heads),
        json.sizeAt("intermediate_size", otherwise.mlpDim),
        json.sizeAt("image_size", otherwise.imageSize),
        json.sizeAt("patch_size", otherwise.patchSize),
        Activation.named(json.stringAt("hidden_act", "gelu")),
        json.doubleAt("layer_norm_eps", otherwise.normEps),
        json.booleanAt("qkv_bias", true) ? InputBias.ALL : InputBias.NONE,
        otherwise.dropPath);
  }

  /** With only the first {@code layers} of the stored blocks. */
  public VisionConfig withLayers(int newLayers) {
    return new VisionConfig(
        family,
        dim,
        newLayers,
        heads,
        mlpDim,
        imageSize,
        patchSize,
        activation,
        normEps,
        inputBias,
        dropPath);
  }

  /** With these biases of query, key and value; LAVIS stores EVA's without the key's. */
  public VisionConfig withInputBias(InputBias newInputBias) {
    return new VisionConfig(
        family,
        dim,
        layers,
        heads,
        mlpDim,
        imageSize,
        patchSize,
        activation,
        normEps,
        newInputBias,
        dropPath);
  }

  /**
   * Trained on images of another size, as the checkpoints fine-tuned at 364 pixels are.
   *
   * @throws IllegalArgumentException if patches do not fill it: not every format would keep it
   */
  public VisionConfig withImageSize(int newImageSize) {
    if (newImageSize <= 0 || newImageSize % patchSize != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "vision: image size expected a multiple of the patches' %d pixels, got %d",
              patchSize,
              newImageSize));
    }
    return new VisionConfig(
        family,
        dim,
        layers,
        heads,
        mlpDim,
        newImageSize,
        patchSize,
        activation,
        normEps,
        inputBias,
        dropPath);
  }

  /** With stochastic depth while training. */
  public VisionConfig withDropPath(double newDropPath) {
    return new VisionConfig(
        family,
        dim,
        layers,
        heads,
        mlpDim,
        imageSize,
        patchSize,
        activation,
        normEps,
        inputBias,
        newDropPath);
  }

  /** Patches along one side of a training image. */
  public int grid() {
    return imageSize / patchSize;
  }

  /** Shape of the stored positions, the class token's first. */
  Shape positionsShape() {
    return family.positionsShape((long) grid() * grid() + 1, dim);
  }

  /** The probability of stochastic depth for block {@code index}. */
  public double dropPathAt(int index) {
    return DropPath.linear(dropPath, index, layers);
  }
}
