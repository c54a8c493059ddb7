package io.github.blip2j.qformer.objective;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;

/**
 * The features of images and texts in the shared space.
 *
 * @param images unit vectors, [B, Q, P]
 * @param texts unit vectors, [B, P]
 */
public record Features(Tensor images, Tensor texts) {
  /** Checks that images and texts agree in number and width. */
  public Features {
    images.shape().require("contrast", "image features", texts.dim(0), Shape.ANY, texts.dim(-1));
    texts.shape().require("contrast", "text features", images.dim(0), images.dim(2));
  }

  /** The features of all ranks. Gradients flow back. */
  public Features allGather(Ranks ranks) {
    return ranks.areAlone()
        ? this
        : new Features(images.allGather(ranks.collectives()), texts.allGather(ranks.collectives()));
  }

  /** These features without gradients. */
  public Features detach() {
    return new Features(images.detach(), texts.detach());
  }
}
