package io.github.blip2j.blip2;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.BertModel;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.VisionTransformer;

/**
 * How an image becomes a soft visual prompt (Li et al. 2023, section 3.3): a frozen tower, queries
 * that read what it saw, and a projection to the width of a language model's embeddings.
 *
 * <pre>{@code
 * B batch, N image tokens, Q queries, E encoder width, C Q-Former width, L language width
 * }</pre>
 */
final class VisualPrompter extends Module {
  private final Blip2Config config;
  private final VisionTransformer vision;
  private final LayerNorm visionNorm;
  private final Parameter queryTokens;
  private final BertModel qformer;
  private final Linear projection;

  /** For a language model that reads {@code outputDim} wide embeddings. */
  VisualPrompter(Blip2Config config, int outputDim, Params params) {
    super(params);
    this.config = config;
    int C = config.qformer().dim();
    this.vision = new VisionTransformer(config.vision(), params.at("vision"));
    this.visionNorm =
        new LayerNorm(config.vision().dim(), config.vision().normEps(), params.at("visionNorm"));
    this.queryTokens =
        params.get("queryTokens", Shape.of(1, config.queryTokens(), C), Init.normal(0.02));
    // Small beside the rest, and what is lost here is lost for every word.
    this.qformer =
        new BertModel(config.qformer(), params.at("qformer").atLeast(Precision.BFLOAT16));
    this.projection = new Linear(C, outputDim, params.at("projection").atLeast(Precision.BFLOAT16));
  }

  /** Normed patch features: pixels [B, 3, H, W] to [B, N, E]. */
  Tensor encodeImage(Tensor pixels, Pass pass) {
    return visionNorm.forward(vision.forward(pixels, pass));
  }

  /** What the queries see: patch features [B, N, E] to [B, Q, C]. */
  Tensor encodeQueries(Tensor image, Pass pass) {
    Tensor queries =
        queryTokens
            .value()
            .expand(image.dim(0), config.queryTokens(), config.qformer().dim()); // [B, Q, C]
    return qformer.encodeQueries(queries, image, pass);
  }

  /** Query output [B, Q, C] to [B, Q, L]. */
  Tensor project(Tensor queries) {
    return projection.forward(queries);
  }

  /** Width of what {@link #project} returns. */
  int outputs() {
    return projection.outputs();
  }
}
