package io.github.blip2j.vision;

import io.github.blip2j.nn.Attention;
import io.github.blip2j.nn.AttentionOptions;
import io.github.blip2j.nn.DropPath;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Mlp;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;

/**
 * One block of the vision transformer (Dosovitskiy et al. 2021, equations 2 and 3): attention and
 * MLP, each on its normed input and with a residual.
 *
 * <pre>{@code
 * B images, N tokens, E width
 * x [B, N, E] -> [B, N, E]
 * }</pre>
 */
final class VisionBlock extends Module {
  private final LayerNorm attentionNorm;
  private final Attention attention;
  private final LayerNorm mlpNorm;
  private final Mlp mlp;
  private final DropPath dropPath;

  VisionBlock(VisionTransformerConfig config, int index, Params params) {
    super(params);
    Attention.Config sizes =
        Attention.Config.self(config.dim(), config.heads()).with(config.inputBias());
    this.attentionNorm = new LayerNorm(config.dim(), config.normEps(), params.at("attentionNorm"));
    this.attention = Attention.of(sizes, params.at("attention"));
    this.mlpNorm = new LayerNorm(config.dim(), config.normEps(), params.at("mlpNorm"));
    this.mlp = new Mlp(config.dim(), config.mlpDim(), config.activation(), params.at("mlp"));
    this.dropPath = new DropPath(config.dropPathAt(index));
  }

  /** [B, N, E] to [B, N, E]. */
  Tensor forward(Tensor x, ForwardPass pass) {
    Tensor normed = attentionNorm.forward(x);
    Tensor mixed = attention.attend(normed, normed, Mask.none(), AttentionOptions.of(pass));
    Tensor attended = dropPath.add(x, residual -> attention.project(mixed, residual), pass); // x +
    Tensor mlpInput = mlpNorm.forward(attended);
    return dropPath.add(attended, residual -> mlp.forward(mlpInput, residual), pass); // attended +
  }
}
