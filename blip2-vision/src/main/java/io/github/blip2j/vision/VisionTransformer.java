package io.github.blip2j.vision;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.LayerStack;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A vision transformer (Dosovitskiy et al. 2021): EVA ViT-g and CLIP ViT-L as in BLIP-2, all tokens
 * and no norm after the last block, and SigLIP, all tokens after its own last norm. The norm that
 * BLIP-2 adds belongs to the model, because it is trained while this transformer is frozen.
 *
 * <p>Frozen, it is run with {@link ForwardPass#evaluating()} by its model. To fine-tune it with
 * less memory use {@link ForwardPass#withGradientCheckpointing()}, which recomputes all blocks, but
 * of CLIP only those after the thirteenth.
 *
 * <pre>{@code
 * B batch, H x W pixels, N patches, and the class token if there is one, E width
 * }</pre>
 */
public final class VisionTransformer extends Module implements VisionEncoder {
  private final VisionTransformerConfig config;
  private final @Nullable Parameter classToken;
  private final Parameter positions;
  private final PatchEmbedding patches;
  private final @Nullable LayerNorm inputNorm;
  private final LayerStack blocks;
  private final @Nullable LayerNorm outputNorm;

  /** Builds a vision transformer. */
  public VisionTransformer(VisionTransformerConfig config, Params params) {
    super(params);
    this.config = config;
    VisionTransformerKind kind = config.kind();
    Shape tokenShape = kind.classTokenShape(config.dim());
    this.classToken =
        kind.hasClassToken() ? params.get("classToken", tokenShape, Init.zeros()) : null;
    this.positions = params.get("positions", config.positionTable().shape(), Init.normal());
    this.patches = new PatchEmbedding(config, params.at("patches"));
    this.inputNorm = kind.normsBeforeBlocks() ? norm(params.at("inputNorm")) : null;
    List<LayerStack.Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      layers.add(new VisionBlock(config, i, params.at("layers").at(i))::forward);
    }
    this.blocks = LayerStack.of(path(), layers).recomputedFrom(kind.firstRecomputed());
    this.outputNorm = kind.normsAfterBlocks() ? norm(params.at("outputNorm")) : null;
  }

  private LayerNorm norm(Params params) {
    return new LayerNorm(config.dim(), config.normEps(), params);
  }

  @Override
  public VisionTransformerConfig config() {
    return config;
  }

  /**
   * Features of every token.
   *
   * @param pixels [B, 3, H, W], normalised; any size of at least one patch, for other sizes than
   *     the trained one, positions are interpolated
   * @return [B, N, E], the class token first if there is one
   */
  @Override
  public Tensor forward(Tensor pixels, ForwardPass pass) {
    Tensor x = blocks.forward(() -> embed(pixels), pass); // [B, N, E]
    return outputNorm == null ? x : outputNorm.forward(x);
  }

  private Tensor embed(Tensor pixels) {
    pixels.shape().require(path(), "pixels", Shape.ANY, 3, Shape.ANY, Shape.ANY);
    int rows = Math.toIntExact(pixels.dim(2) / config.patchSize());
    int columns = Math.toIntExact(pixels.dim(3) / config.patchSize());
    if (rows == 0 || columns == 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: pixels expected at least one patch of %d, got %s",
              path(),
              config.patchSize(),
              pixels.shape()));
    }
    Tensor tokens = patches.forward(pixels); // [B, N, E]
    Tensor x = withClassToken(tokens).add(positionsFor(rows, columns));
    return inputNorm == null ? x : inputNorm.forward(x);
  }

  private Tensor withClassToken(Tensor tokens) {
    if (classToken == null) {
      return tokens;
    }
    Tensor first = classToken.value().expand(tokens.dim(0), 1, config.dim());
    return Tensor.concat(1, List.of(first, tokens));
  }

  private Tensor positionsFor(int rows, int columns) {
    return config.positionTable().interpolate(positions.value(), rows, columns);
  }
}
