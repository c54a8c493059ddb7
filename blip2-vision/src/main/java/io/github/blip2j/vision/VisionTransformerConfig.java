package io.github.blip2j.vision;

import com.google.gson.JsonObject;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.NumberKeys;
import io.github.blip2j.nn.Attention.InputBias;
import io.github.blip2j.nn.DropPath;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.vision.image.ImageProcessorConfig;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Sizes of a {@link VisionTransformer}. Begin from {@link #evaG}, {@link #clipL} or {@link
 * #siglipBase} and change them.
 *
 * @param kind the architecture
 * @param dim width
 * @param imageSize side of the images it was trained on, in pixels
 * @param patchSize side of a patch, in pixels
 * @param inputBias which of query, key and value have a bias
 * @param dropPath probability of stochastic depth for the last block in training, linear down to 0
 *     for the first
 */
public record VisionTransformerConfig(
    VisionTransformerKind kind,
    int dim,
    int layers,
    int heads,
    int mlpDim,
    int imageSize,
    int patchSize,
    Activation activation,
    double normEps,
    InputBias inputBias,
    double dropPath)
    implements VisionConfig {

  /** A key of this library: whether attention keys have a bias, as all of Hugging Face's have. */
  public static final String KEY_BIAS = "key_bias";

  /** Checks that heads divide the width, an image holds a patch, and a block can remain. */
  public VisionTransformerConfig {
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
  public static VisionTransformerConfig evaG() {
    return new VisionTransformerConfig(
        VisionTransformerKind.EVA,
        1408,
        39,
        16,
        6144,
        224,
        14,
        Activation.GELU,
        1e-6,
        InputBias.ALL,
        0);
  }

  /** CLIP ViT-L/14, 23 of its 24 layers (section 3.1). */
  public static VisionTransformerConfig clipL() {
    return new VisionTransformerConfig(
        VisionTransformerKind.CLIP,
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

  /** {@code google/siglip-base-patch16-224}. */
  public static VisionTransformerConfig siglipBase() {
    return new VisionTransformerConfig(
        VisionTransformerKind.SIGLIP,
        768,
        12,
        12,
        3072,
        224,
        16,
        Activation.GELU_TANH,
        1e-6,
        InputBias.ALL,
        0);
  }

  /** Reads a {@code vision_config}; missing values are those of {@code otherwise}. */
  static VisionTransformerConfig read(ConfigJson json, VisionTransformerConfig otherwise)
      throws CheckpointException {
    boolean keys = json.booleanAt(KEY_BIAS, true);
    boolean biased = json.booleanAt("qkv_bias", true);
    return new VisionTransformerConfig(
        otherwise.kind,
        json.sizeAt("hidden_size", otherwise.dim),
        json.sizeAt("num_hidden_layers", otherwise.layers),
        json.sizeAt("num_attention_heads", otherwise.heads),
        json.sizeAt("intermediate_size", otherwise.mlpDim),
        json.sizeAt("image_size", otherwise.imageSize),
        json.sizeAt("patch_size", otherwise.patchSize),
        Activation.named(json.stringAt("hidden_act", otherwise.activation.checkpointName())),
        NumberKeys.eps(json, "layer_norm_eps", otherwise.normEps),
        !biased ? InputBias.NONE : keys ? InputBias.ALL : InputBias.QUERY_AND_VALUE,
        otherwise.dropPath);
  }

  @Override
  public JsonObject toJson() {
    var json = new JsonObject();
    json.addProperty("model_type", family().modelTypes().get(0));
    json.addProperty("hidden_size", dim);
    json.addProperty("num_hidden_layers", layers);
    json.addProperty("num_attention_heads", heads);
    json.addProperty("intermediate_size", mlpDim);
    json.addProperty("image_size", imageSize);
    json.addProperty("patch_size", patchSize);
    json.addProperty("hidden_act", activation.checkpointName());
    json.addProperty("layer_norm_eps", normEps);
    json.addProperty("qkv_bias", inputBias != InputBias.NONE);
    if (inputBias == InputBias.QUERY_AND_VALUE) {
      json.addProperty(KEY_BIAS, false);
    }
    return json;
  }

  /** The values while they are changed. */
  private static final class Change {
    private final VisionTransformerConfig from;
    private int dim;
    private int layers;
    private int heads;
    private int mlpDim;
    private int imageSize;
    private int patchSize;
    private InputBias inputBias;
    private double dropPath;

    Change(VisionTransformerConfig from) {
      this.from = from;
      this.dim = from.dim;
      this.layers = from.layers;
      this.heads = from.heads;
      this.mlpDim = from.mlpDim;
      this.imageSize = from.imageSize;
      this.patchSize = from.patchSize;
      this.inputBias = from.inputBias;
      this.dropPath = from.dropPath;
    }

    VisionTransformerConfig end() {
      return new VisionTransformerConfig(
          from.kind,
          dim,
          layers,
          heads,
          mlpDim,
          imageSize,
          patchSize,
          from.activation,
          from.normEps,
          inputBias,
          dropPath);
    }
  }

  private VisionTransformerConfig with(Consumer<Change> change) {
    var values = new Change(this);
    change.accept(values);
    return values.end();
  }

  /** Of another width and depth. */
  public VisionTransformerConfig withSizes(int newDim, int newLayers, int newHeads, int newMlpDim) {
    return with(
        values -> {
          values.dim = newDim;
          values.layers = newLayers;
          values.heads = newHeads;
          values.mlpDim = newMlpDim;
        });
  }

  /** With images and patches of these sides, which the first need not be a multiple of. */
  public VisionTransformerConfig withPatches(int newImageSize, int newPatchSize) {
    return with(
        values -> {
          values.imageSize = newImageSize;
          values.patchSize = newPatchSize;
        });
  }

  /** With only the first {@code layers} of the stored blocks. */
  public VisionTransformerConfig withLayers(int newLayers) {
    return with(values -> values.layers = newLayers);
  }

  /** With these biases of query, key and value; LAVIS stores EVA's without the key's. */
  public VisionTransformerConfig withInputBias(InputBias newInputBias) {
    return with(values -> values.inputBias = newInputBias);
  }

  /** Trained on images of another size, as the checkpoints fine-tuned at 364 pixels are. */
  @Override
  public VisionTransformerConfig withImageSize(int newImageSize) {
    VisionConfig.requireFilled(newImageSize, patchSize);
    return with(values -> values.imageSize = newImageSize);
  }

  /** With stochastic depth while training. */
  public VisionTransformerConfig withDropPath(double newDropPath) {
    return with(values -> values.dropPath = newDropPath);
  }

  @Override
  public VisionFamily family() {
    return kind.family();
  }

  @Override
  public VisionTransformer build(Params params) {
    return new VisionTransformer(this, params);
  }

  @Override
  public int tokensBefore() {
    return kind.hasClassToken() ? 1 : 0;
  }

  @Override
  public ImageProcessorConfig processor() {
    return kind == VisionTransformerKind.SIGLIP
        ? ImageProcessorConfig.siglip(imageSize)
        : ImageProcessorConfig.blip2(imageSize);
  }

  @Override
  public Optional<PositionTable> positions() {
    return Optional.of(positionTable());
  }

  /** The positions, the class token's first. */
  PositionTable positionTable() {
    Shape shape = kind.positionsShape((long) grid() * grid() + tokensBefore(), dim);
    return new PositionTable("positions", shape, tokensBefore(), kind.alignsCorners());
  }

  @Override
  public KeyMap.Builder addNames(KeyMap.Builder keys, String ours, String theirs) {
    return kind == VisionTransformerKind.CLIP // transformers has no BLIP-2 with it
        ? VisionConfig.super.addNames(keys, ours, theirs)
        : new HuggingFaceVisionNames(keys, ours, theirs).add(kind);
  }

  /** The probability of stochastic depth for block {@code index}. */
  public double dropPathAt(int index) {
    return DropPath.linear(dropPath, index, layers);
  }
}
