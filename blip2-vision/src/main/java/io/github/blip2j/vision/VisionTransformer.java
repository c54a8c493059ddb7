package io.github.blip2j.vision;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.ParentScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A vision transformer (Dosovitskiy et al. 2021) in BLIP-2: EVA ViT-g or CLIP ViT-L, all tokens, no
 * norm after the last block. That norm belongs to the model, because it is trained while this
 * transformer is frozen.
 *
 * <p>Frozen, it is run with {@link ForwardPass#evaluating()} by its model. To fine-tune it with
 * less memory use {@link ForwardPass#withGradientCheckpointing()}, which recomputes all of EVA's
 * blocks, and those of CLIP after the thirteenth.
 *
 * <pre>{@code
 * B batch, H x W pixels, N patches, E width
 * }</pre>
 */
public final class VisionTransformer extends Module {
  private final VisionConfig config;
  private final Parameter classToken;
  private final Parameter positions;
  private final PatchEmbedding patches;
  private final @Nullable LayerNorm inputNorm;
  private final List<VisionBlock> blocks = new ArrayList<>();

  /** Builds a vision transformer. */
  public VisionTransformer(VisionConfig config, Params params) {
    super(params);
    this.config = config;
    VisionFamily family = config.family();
    Shape tokenShape = family.classTokenShape(config.dim());
    this.classToken = params.get("classToken", tokenShape, Init.zeros());
    this.positions = params.get("positions", config.positionsShape(), Init.normal(0.02));
    this.patches = new PatchEmbedding(config, params.at("patches"));
    this.inputNorm =
        family.normsBeforeBlocks()
            ? new LayerNorm(config.dim(), config.normEps(), params.at("inputNorm"))
            : null;
    for (int i = 0; i < config.layers(); i++) {
      blocks.add(new VisionBlock(config, i, params.at("layers").at(i)));
    }
  }

  /** The configuration. */
  public VisionConfig config() {
    return config;
  }

  /**
   * Features of every patch.
   *
   * @param pixels [B, 3, H, W], normalised; any size of at least one patch, for other sizes than
   *     the trained one, positions are interpolated
   * @return [B, N + 1, E], the class token first
   */
  public Tensor forward(Tensor pixels, ForwardPass pass) {
    ParentScope home = ParentScope.ofCurrent(path());
    Tensor x = embed(pixels); // [B, N + 1, E]
    pass.observer().hiddenState(path(), 0, x);
    for (int i = 0; i < blocks.size(); i++) {
      VisionBlock block = blocks.get(i);
      ForwardPass blockPass =
          i < config.family().firstRecomputed() ? pass.withoutGradientCheckpointing() : pass;
      Tensor y = blockPass.layer(List.of(x), (in, inside) -> block.forward(in.get(0), inside));
      if (!y.requiresGrad()) {
        home.release(x); // a batch of a hundred images would hold gigabytes
      }
      x = y;
      pass.observer().hiddenState(path(), i + 1, x);
    }
    return x;
  }

  private Tensor embed(Tensor pixels) {
    pixels.shape().require(path(), "pixels", Shape.ANY, 3, Shape.ANY, Shape.ANY);
    long B = pixels.dim(0);
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
    Tensor first = classToken.value().expand(B, 1, config.dim());
    Tensor x = Tensor.concat(1, List.of(first, tokens)).add(positionsFor(rows, columns));
    return inputNorm == null ? x : inputNorm.forward(x);
  }

  private Tensor positionsFor(int rows, int columns) {
    Tensor trained = positions.value();
    if (rows == config.grid() && columns == config.grid()) {
      return trained;
    }
    Tensor first = trained.narrow(-2, 0, 1);
    Tensor patch = trained.narrow(-2, 1, trained.dim(-2) - 1);
    var grid = new PositionGrid(config.grid(), config.family().alignsCorners());
    return Tensor.concat(-2, List.of(first, grid.interpolate(patch, rows, columns)));
  }
}
