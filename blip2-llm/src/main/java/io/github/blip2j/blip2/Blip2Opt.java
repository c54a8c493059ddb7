package io.github.blip2j.blip2;

import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.llm.OptModel;
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
import java.util.List;

/**
 * BLIP-2 with OPT (Li et al. 2023, figures 1 and 3): what the queries see in an image stands, as a
 * soft prompt, before the words that the language model continues.
 *
 * <pre>{@code
 * B batch, N image tokens, Q queries, E encoder width, C Q-Former width, L language width
 * }</pre>
 */
public final class Blip2Opt extends Module {
  private final Blip2Config config;
  private final VisionTransformer vision;
  private final LayerNorm visionNorm;
  private final Parameter queryTokens;
  private final BertModel qformer;
  private final Linear projection;
  private final OptModel language;

  /** A model of these sizes. */
  public Blip2Opt(Blip2Config config, Params params) {
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
    this.projection =
        new Linear(
            C, projectedDim(config, params), params.at("projection").atLeast(Precision.BFLOAT16));
    this.language = new OptModel(config.text(), params.at("language"));
  }

  /** The sizes. */
  public Blip2Config config() {
    return config;
  }

  /** The language model. */
  public OptModel language() {
    return language;
  }

  /** Normed patch features: pixels [B, 3, H, W] to [B, N, E]. */
  public Tensor encodeImage(Tensor pixels, Pass pass) {
    return visionNorm.forward(vision.forward(pixels, pass));
  }

  /** What the queries see: patch features [B, N, E] to [B, Q, C]. */
  public Tensor encodeQueries(Tensor image, Pass pass) {
    Tensor queries =
        queryTokens
            .value()
            .expand(image.dim(0), config.queryTokens(), config.qformer().dim()); // [B, Q, C]
    return qformer.encodeQueries(queries, image, pass);
  }

  /** The projection alone: query output [B, Q, C] to [B, Q, L], or wider, see {@link #place}. */
  public Tensor project(Tensor queries) {
    return projection.forward(queries);
  }

  /** The model in one line: pixels [B, 3, H, W] to the soft prompt [B, Q, L]. */
  public Tensor imagePrompt(Tensor pixels, Pass pass) {
    return place(project(encodeQueries(encodeImage(pixels, pass), pass)));
  }

  /**
   * The soft prompt from the projection, [B, Q, L].
   *
   * <p>Hugging Face projects to the width of OPT's layers. Where the embeddings are narrower, as in
   * OPT-350m, it fills their places from the projection read as one long row, and leaves what is
   * left at its end. So one image's prompt then begins within its neighbour's projection, and a
   * batch differs from its images one by one; numbers follow the reference in this.
   */
  public Tensor place(Tensor projected) {
    if (placesRowByRow()) {
      return projected;
    }
    long B = projected.dim(0);
    long Q = projected.dim(1);
    int L = language.dim();
    Tensor row = projected.reshape(B * Q * projected.dim(2));
    return row.narrow(0, 0, B * Q * L).reshape(B, Q, L);
  }

  /** Whether the projection is as wide as the embeddings, as in every published checkpoint. */
  boolean placesRowByRow() {
    return projection.outputs() == language.dim();
  }

  private static int projectedDim(Blip2Config config, Params params) {
    int layers = config.text().dim();
    int embeddings = config.text().embeddingDim();
    Shape stored = params.at("projection").storedShape("weight");
    boolean wide = stored != null && stored.rank() == 2 && stored.dim(0) == layers;
    return wide && layers > embeddings ? layers : embeddings;
  }

  /**
   * Scores of every token after every position of image and text.
   *
   * @param imagePrompt [B, Q, L]
   * @param text padded rows of equal length
   * @return [B, Q + T, V]
   */
  public Tensor logits(Tensor imagePrompt, PromptBatch text, Pass pass) {
    int Q = config.queryTokens();
    Tensor x = text.after(imagePrompt, language);
    return language.logits(language.forward(x, text.mask(Q), null, pass));
  }

  /**
   * Continues each prompt.
   *
   * @param imagePrompt [B, Q, L]
   * @param text the prompts, padded on the left
   * @param newTokens the most tokens that may follow
   */
  public List<List<Sequence>> generate(
      Tensor imagePrompt, PromptBatch text, Generator generator, int newTokens) {
    Tensor x = text.after(imagePrompt, language);
    int[][] mask = text.mask(config.queryTokens());
    return generator.generate(language.run(x, mask, newTokens), histories(text));
  }

  /**
   * The ids that penalties see. Checkpoints with an image token show it once for each query; those
   * without gave embeddings only, so there is nothing to see.
   */
  private List<int[]> histories(PromptBatch text) {
    Integer imageToken = config.imageTokenId();
    return imageToken == null
        ? text.emptyHistories()
        : text.histories(imageToken, config.queryTokens());
  }
}
