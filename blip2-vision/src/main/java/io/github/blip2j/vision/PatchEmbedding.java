package io.github.blip2j.vision;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import org.jspecify.annotations.Nullable;

/**
 * Embeds patches as vectors. A convolution whose stride is its kernel is a linear map of disjoint
 * patches, so the pixels are laid out patch by patch and the rest is one matrix product.
 *
 * <pre>{@code
 * B images, H x W pixels, P side of a patch, N = (H / P) (W / P) patches, E width
 * weight [E, 3, P, P], bias [E]
 * pixels [B, 3, H, W] -> [B, N, E]
 * }</pre>
 */
final class PatchEmbedding extends Module {
  private final Parameter weight;
  private final @Nullable Parameter bias;
  private final int patch;
  private final int dim;

  PatchEmbedding(VisionTransformerConfig config, Params params) {
    super(params);
    this.patch = config.patchSize();
    this.dim = config.dim();
    this.weight = params.get("weight", Shape.of(dim, 3, patch, patch), Init.normal());
    this.bias = config.kind().patchBias() ? params.get("bias", Shape.of(dim), Init.zeros()) : null;
  }

  /** [B, 3, H, W] to [B, N, E], patches row by row; pixels beyond the last whole patch are cut. */
  Tensor forward(Tensor pixels) {
    long B = pixels.dim(0);
    long rows = pixels.dim(2) / patch;
    long columns = pixels.dim(3) / patch;
    Tensor whole = pixels.narrow(2, 0, rows * patch).narrow(3, 0, columns * patch);
    Tensor flat =
        whole
            .reshape(B, 3, rows, patch, columns, patch)
            .permute(0, 2, 4, 1, 3, 5)
            .reshape(B, rows * columns, 3L * patch * patch); // [B, N, 3 P P]
    return flat.linear(weight.value().reshape(dim, -1), bias == null ? null : bias.value());
  }
}
