package io.github.blip2j.vision;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A vision transformer (Dosovitskiy et al. 2021) as BLIP-2 uses it: EVA ViT-g, all tokens, no norm
 * after the last block. That norm belongs to the model, for it is trained while this is frozen.
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
  private final List<VisionBlock> blocks = new ArrayList<>();

  /** A transformer of these sizes. */
  public VisionTransformer(VisionConfig config, Params params) {
    super(params);
    this.config = config;
    long tokens = (long) config.grid() * config.grid() + 1;
    this.classToken = params.get("classToken", Shape.of(1, 1, config.dim()), Init.zeros());
    this.positions = params.get("positions", Shape.of(1, tokens, config.dim()), Init.normal(0.02));
    this.patches = new PatchEmbedding(config, params.at("patches"));
    for (int i = 0; i < config.layers(); i++) {
      blocks.add(new VisionBlock(config, params.at("layers").at(i)));
    }
  }

  /** The sizes. */
  public VisionConfig config() {
    return config;
  }

  /**
   * Features of every patch.
   *
   * @param pixels [B, 3, H, W], normalised; any size of at least one patch, with the trained
   *     positions interpolated where it is not the trained one
   * @return [B, N + 1, E], the class token first
   */
  public Tensor forward(Tensor pixels, Pass pass) {
    Tensor x = embed(pixels); // [B, N + 1, E]
    pass.observer().hiddenState(path(), 0, x);
    for (int i = 0; i < blocks.size(); i++) {
      Tensor input = x;
      VisionBlock block = blocks.get(i);
      x = Scope.run(() -> block.forward(input, pass));
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
          "%s: pixels expected at least one patch of %d, got %s"
              .formatted(path(), config.patchSize(), pixels.shape()));
    }
    Tensor tokens = patches.forward(pixels); // [B, N, E]
    Tensor first = classToken.value().expand(B, 1, config.dim());
    return Tensor.concat(1, List.of(first, tokens)).add(positionsFor(rows, columns));
  }

  private Tensor positionsFor(int rows, int columns) {
    Tensor trained = positions.value();
    if (rows == config.grid() && columns == config.grid()) {
      return trained;
    }
    Tensor first = trained.narrow(1, 0, 1);
    Tensor patch = trained.narrow(1, 1, trained.dim(1) - 1);
    return Tensor.concat(
        1, List.of(first, PositionGrid.interpolate(patch, config.grid(), rows, columns)));
  }
}
