package io.github.blip2j.vision;

import com.google.gson.JsonObject;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import io.github.blip2j.vision.image.ImageProcessorConfig;
import java.util.Locale;
import java.util.Optional;

/**
 * Sizes of a vision encoder, and what depends on them: how it is built, named and written. A family
 * of one's own implements this as a record, and a {@link VisionFamily} that reads it.
 *
 * <pre>{@code
 * H x W pixels, P patchSize, E dim
 * N = tokensBefore + (H / P) (W / P) tokens of an image
 * }</pre>
 */
public interface VisionConfig {
  /** The family, by which a {@code vision_config} is read again. */
  VisionFamily family();

  /** Width of the features, {@code E}. */
  int dim();

  /** Side of the images it was trained on, in pixels. */
  int imageSize();

  /** Side of the square of pixels that one token stands for. */
  int patchSize();

  /** Epsilon of the encoder's norms; Hugging Face's BLIP-2 uses it for the norm after it too. */
  double normEps();

  /** Tokens before those of the patches, such as a class token. */
  default int tokensBefore() {
    return 0;
  }

  /** Patches along one side of a training image. */
  default int grid() {
    return imageSize() / patchSize();
  }

  /** The number of tokens of an image of this size, {@code N}. */
  default long tokens(int height, int width) {
    return tokensBefore() + (long) (height / patchSize()) * (width / patchSize());
  }

  /**
   * Checks the features that an encoder has computed.
   *
   * @param pixels [B, 3, H, W]
   * @param features [B, N, E]
   * @return {@code features}
   * @throws ShapeMismatchException if they have another shape than {@link #tokens} and {@link #dim}
   *     say
   */
  default Tensor requireFeatures(Tensor pixels, Tensor features) {
    int height = Math.toIntExact(pixels.dim(2));
    int width = Math.toIntExact(pixels.dim(3));
    Shape told = Shape.of(pixels.dim(0), tokens(height, width), dim());
    if (!features.shape().equals(told)) {
      throw new ShapeMismatchException(
          String.format(
              Locale.ROOT,
              "vision: features of %s expected %s, got %s; dim, patchSize and tokensBefore of the"
                  + " configuration must be the encoder's",
              family().name(),
              told,
              features.shape()));
    }
    return features;
  }

  /**
   * The same encoder, trained on images of another size.
   *
   * @throws IllegalArgumentException if patches do not fill it; see {@link #requireFilled}
   */
  VisionConfig withImageSize(int newImageSize);

  /** Builds the encoder at the path of the cursor. */
  VisionEncoder build(Params params);

  /** The {@code vision_config} that {@link VisionFamily#read} reads, with its model type. */
  JsonObject toJson();

  /** The image processor of a checkpoint that has no settings of one. */
  default ImageProcessorConfig processor() {
    return ImageProcessorConfig.blip2(imageSize());
  }

  /**
   * Where the position embeddings are stored, so that they can be interpolated for another image
   * size while they are read; empty if they are none, or if they do not depend on the size.
   */
  default Optional<PositionTable> positions() {
    return Optional.empty();
  }

  /**
   * Adds the names of the parameters in the encoder's own checkpoints, those of transformers.
   * Without an implementation they are this library's names.
   *
   * @param ours prefix of the encoder's parameters here with its dot, such as {@code "vision."}, or
   *     empty
   * @param theirs prefix of the stored names with its dot, or empty
   * @return {@code keys}
   * @throws IllegalArgumentException if a prefix lacks its dot
   */
  default KeyMap.Builder addNames(KeyMap.Builder keys, String ours, String theirs) {
    return keys.renameAll(ours, theirs);
  }

  /**
   * Checks an image size for {@link #withImageSize}.
   *
   * @throws IllegalArgumentException if patches do not fill it: not every format would keep it
   */
  static void requireFilled(int imageSize, int patchSize) {
    if (imageSize <= 0 || imageSize % patchSize != 0) {
      throw new IllegalArgumentException(
          "vision: image size expected a multiple of the patches' "
              + patchSize
              + " pixels, got "
              + imageSize);
    }
  }

  /** EVA ViT-g as in {@code Salesforce/blip2-opt-2.7b}, 39 of its 40 layers (section 3.1). */
  static VisionTransformerConfig evaG() {
    return VisionTransformerConfig.evaG();
  }

  /** CLIP ViT-L/14, 23 of its 24 layers (section 3.1). */
  static VisionTransformerConfig clipL() {
    return VisionTransformerConfig.clipL();
  }

  /**
   * Reads a {@code vision_config} of one of the {@linkplain VisionFamilies#installed installed}
   * families; without a {@code model_type} it is EVA's, as in transformers' BLIP-2.
   *
   * @throws CheckpointException if the model type is not known, or a value is of the wrong kind
   */
  static VisionConfig fromJson(ConfigJson json) throws CheckpointException {
    return VisionFamilies.installed().read(json, VisionFamilies.EVA.modelTypes().get(0));
  }
}
