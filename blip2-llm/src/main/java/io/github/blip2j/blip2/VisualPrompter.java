package io.github.blip2j.blip2;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.BertContext;
import io.github.blip2j.qformer.BertModel;
import io.github.blip2j.qformer.TextBatch;
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
        new LayerNorm(config.vision().dim(), config.visionNormEps(), params.at("visionNorm"));
    this.queryTokens =
        params.get("queryTokens", Shape.of(1, config.queryTokens(), C), Init.normal(0.02));
    // Small beside the rest, and what is lost here is lost for every word.
    this.qformer =
        new BertModel(config.qformer(), params.at("qformer").atLeast(Precision.BFLOAT16));
    this.projection = new Linear(C, outputDim, params.at("projection").atLeast(Precision.BFLOAT16));
  }

  /** The same parameters under another configuration, which may differ in its flavour only. */
  private VisualPrompter(VisualPrompter from, Blip2Config config) {
    super(from);
    this.config = config;
    this.vision = from.vision;
    this.visionNorm = from.visionNorm.withEps(config.visionNormEps());
    this.queryTokens = from.queryTokens;
    this.qformer = from.qformer;
    this.projection = from.projection;
  }

  /** The same parameters, computing as {@code flavour} does. */
  VisualPrompter withFlavour(Flavour flavour) {
    return new VisualPrompter(this, config.withFlavour(flavour));
  }

  /** Normed patch features: pixels [B, 3, H, W] to [B, N, E]. */
  Tensor encodeImage(Tensor pixels, Pass pass) {
    return visionNorm.forward(vision.forward(pixels, pass));
  }

  /**
   * What the queries see: patch features [B, N, E] to [B, Q, C].
   *
   * @throws IllegalStateException if they read an instruction besides
   */
  Tensor encodeQueries(Tensor image, Pass pass) {
    if (config.readsInstruction()) {
      throw new IllegalStateException(
          "qformer: instruction expected by InstructBLIP, got none; give one, or the empty text");
    }
    return qformer.encodeQueries(queries(image.dim(0)), image, pass);
  }

  /**
   * What the queries see under an instruction (Dai et al. 2023, section 2.3): both see each other,
   * and the queries alone go on.
   *
   * @param image [B, N, E], or [1, N, E] for all
   * @param instructions B texts
   * @return [B, Q, C]
   * @throws IllegalStateException if the queries read none
   */
  Tensor encodeQueries(Tensor image, TextBatch instructions, Pass pass) {
    if (!config.readsInstruction()) {
      throw new IllegalStateException(
          "qformer: instruction expected by InstructBLIP only, got one for a Q-Former of queries"
              + " only");
    }
    int B = instructions.size();
    BertContext read = qformer.readImage(image);
    BertContext each = image.dim(0) == 1 && B > 1 ? read.rows(new int[B]) : read;
    return qformer.encodeQueriesWithText(
        queries(B), instructions.ids(), instructions.mask(), each, pass);
  }

  private Tensor queries(long batch) { // [B, Q, C]
    return queryTokens.value().expand(batch, config.queryTokens(), config.qformer().dim());
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
