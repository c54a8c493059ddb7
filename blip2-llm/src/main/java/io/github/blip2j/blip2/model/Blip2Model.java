package io.github.blip2j.blip2.model;

import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.llm.SequenceScorer;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.qformer.BertModel;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.vision.VisionEncoder;
import java.util.List;

/**
 * BLIP-2 with a language model (Li et al. 2023, figures 1 and 3), {@code
 * Blip2ForConditionalGeneration} of transformers: learned queries attend to a frozen vision
 * encoder's features, and their projected output is a soft prompt before the language model's text.
 *
 * <pre>{@code
 * pixels [B, 3, H, W] -> vision, visionNorm -> [B, N, E]    encodeImage
 *                     -> qformer            -> [B, Q, C]    encodeQueries
 *                     -> projection         -> [B, Q, L]    project
 *                     -> language           -> texts        generate, loss, logits
 *
 * B batch, N image tokens, Q queries, E encoder width, C Q-Former width, L language width
 * P positions of a prompt, T tokens of a text, V vocabulary
 * }</pre>
 *
 * <p>With a Q-Former that takes text it is InstructBLIP (Dai et al. 2023): {@link
 * #encodeQueries(Tensor, TextBatch, ForwardPass)} takes the place of {@link #encodeQueries(Tensor,
 * ForwardPass)}.
 */
public final class Blip2Model extends Module {
  private final Blip2Config config;
  private final VisionEncoder vision;
  private final LayerNorm visionNorm;
  private final Parameter queryTokens;
  private final BertModel qformer;
  private final Linear projection;
  private final LanguageHead language;

  /** A model of these sizes. */
  public Blip2Model(Blip2Config config, Params params) {
    super(params);
    this.config = config;
    int C = config.qformer().dim();
    this.vision = VisionEncoder.of(config.vision(), params.at("vision"));
    this.visionNorm =
        new LayerNorm(config.vision().dim(), config.visionNormEps(), params.at("visionNorm"));
    this.queryTokens =
        params.get("queryTokens", Shape.of(1, config.queryTokens(), C), Init.normal());
    // At least bfloat16: both are small, and their rounding errors affect every token.
    this.qformer =
        new BertModel(config.qformer(), params.at("qformer").atLeast(Precision.BFLOAT16));
    Params projecting = params.at("projection").atLeast(Precision.BFLOAT16);
    this.projection = new Linear(C, config.text().embeddingDim(), projecting);
    this.language = LanguageHead.of(config, params.at("language"));
  }

  private Blip2Model(Blip2Model from, Convention convention) {
    super(from);
    this.config = from.config.withConvention(convention);
    this.vision = from.vision;
    this.visionNorm = from.visionNorm.withEps(config.visionNormEps());
    this.queryTokens = from.queryTokens;
    this.qformer = from.qformer;
    this.projection = from.projection;
    this.language = from.language.with(config);
  }

  /** A view of these parameters that computes as {@code convention} does. */
  public Blip2Model withConvention(Convention convention) {
    return new Blip2Model(this, convention);
  }

  /** The configuration. */
  public Blip2Config config() {
    return config;
  }

  /** The language model. */
  public LanguageModel language() {
    return language.model();
  }

  /** The vision encoder. */
  public VisionEncoder vision() {
    return vision;
  }

  /** The soft prompts of images: pixels [B, 3, H, W] to [B, Q, L]. */
  public Tensor imagePrompt(Tensor pixels, ForwardPass pass) {
    Tensor image = encodeImage(pixels, pass); // [B, N, E]
    Tensor queries = encodeQueries(image, pass); // [B, Q, C]
    return project(queries); // [B, Q, L]
  }

  /**
   * The soft prompts of images under B instructions, for InstructBLIP: pixels [B, 3, H, W] to [B,
   * Q, L].
   */
  public Tensor imagePrompt(Tensor pixels, TextBatch instructions, ForwardPass pass) {
    Tensor image = encodeImage(pixels, pass); // [B, N, E]
    Tensor queries = encodeQueries(image, instructions, pass); // [B, Q, C]
    return project(queries); // [B, Q, L]
  }

  /** Normed patch features: pixels [B, 3, H, W] to [B, N, E]. */
  public Tensor encodeImage(Tensor pixels, ForwardPass pass) {
    Tensor features = config.vision().requireFeatures(pixels, vision.forward(pixels, pass));
    return visionNorm.forward(features);
  }

  /**
   * The Q-Former's output: patch features [B, N, E] to [B, Q, C].
   *
   * @throws IllegalStateException if the queries of this model need an instruction
   */
  public Tensor encodeQueries(Tensor image, ForwardPass pass) {
    if (config.readsInstruction()) {
      throw new IllegalStateException(
          "qformer: instruction expected by InstructBLIP, got none; give one, or the empty text");
    }
    return qformer.encodeQueries(queries(image.dim(0)), image, pass);
  }

  /**
   * The Q-Former's output under an instruction (Dai et al. 2023, section 2.3): queries and tokens
   * attend to each other, and only the queries are returned.
   *
   * @param image patch features [B, N, E], or [1, N, E] for all
   * @param instructions B texts in the Q-Former's own vocabulary, see {@code Blip2#instructions}
   * @return [B, Q, C]
   * @throws IllegalStateException if the queries of this model take no instruction
   */
  public Tensor encodeQueries(Tensor image, TextBatch instructions, ForwardPass pass) {
    if (!config.readsInstruction()) {
      throw new IllegalStateException(
          "qformer: instruction expected by InstructBLIP only, got one for a Q-Former of queries"
              + " only");
    }
    int B = instructions.size();
    CrossAttentionKeyValues keyValues = qformer.imageKeyValues(image);
    CrossAttentionKeyValues each =
        image.dim(0) == 1 && B > 1 ? keyValues.rows(new int[B]) : keyValues;
    return qformer.encodeQueriesWithText(
        queries(B), instructions.ids(), instructions.mask(), each, pass);
  }

  private Tensor queries(long batch) { // [B, Q, C]
    return queryTokens.value().expand(batch, config.queryTokens(), config.qformer().dim());
  }

  /** The soft prompt: the Q-Former's output [B, Q, C] to [B, Q, L]. */
  public Tensor project(Tensor queries) {
    return projection.forward(queries);
  }

  /**
   * Logits of the next token at every position of image and text, for a decoder-only language
   * model.
   *
   * @param imagePrompt [B, Q, L]
   * @param text padded rows of equal length
   * @return [B, Q + T, V]
   * @throws IllegalStateException if the language model has an encoder
   */
  public Tensor logits(Tensor imagePrompt, PromptBatch text, ForwardPass pass) {
    return language.logits(imagePrompt, text, null, pass);
  }

  /**
   * Logits of every position of an answer, for a language model with an encoder.
   *
   * @param imagePrompt [B, Q, L]
   * @param text the prompts, padded on the right
   * @param answers the tokens to be generated, end tokens included, padded on the right
   * @return [B, T, V], T the longest answer; undefined at padding
   * @throws IllegalStateException if the language model is a decoder alone
   */
  public Tensor logits(
      Tensor imagePrompt, PromptBatch text, PromptBatch answers, ForwardPass pass) {
    return language.logits(imagePrompt, text, answers, pass);
  }

  /**
   * The language-modelling loss (section 3.2): the mean negative logarithm, in float32, of the
   * probability of every token that has a label. Logits are computed for these positions only.
   *
   * <p>For a decoder, {@code labels} are as long as the texts; a label of the first token is
   * predicted by the last query. Hugging Face does not count that one in checkpoints without an
   * image token; ignore it to compute the same loss. For an encoder-decoder, the texts are the
   * encoder's input and the labels the decoder's target, so their lengths differ.
   *
   * @param imagePrompt [B, Q, L]
   * @param text the language model's text after the image, padded on the right
   * @param labels of each text, {@link io.github.blip2j.nn.TokenLoss#IGNORED} for positions without
   *     loss
   * @param pass of the language model, whose dropout is on if this trains
   * @return a scalar
   * @throws IllegalArgumentException if labels are of another length or not tokens
   */
  public Tensor loss(Tensor imagePrompt, PromptBatch text, List<int[]> labels, ForwardPass pass) {
    return language.loss(imagePrompt, text, labels, pass);
  }

  /**
   * Starts decoding: a continuation of each prompt, or its answer if the language model has an
   * encoder.
   *
   * @param imagePrompts of all images in the prompts, in order, [images, Q, L]
   * @param text the prompts, padded on the language model's side
   * @param newTokens the most tokens that may follow
   */
  public List<List<Sequence>> generate(
      Tensor imagePrompts, PromptBatch text, Generator generator, int newTokens) {
    Tensor x = text.embeddings(imagePrompts, language()); // [B, P, L]
    int[][] mask = text.mask(config.queryTokens());
    return generator.generate(
        language().startDecoding(x, mask, newTokens), language.histories(text));
  }

  /**
   * Encodes each prompt once, to score texts that follow it; the result belongs to the current
   * scope.
   *
   * @param imagePrompts of all images in the prompts, in order, [images, Q, L]
   * @param text the prompts, padded on the language model's side
   */
  public SequenceScorer sequenceScorer(Tensor imagePrompts, PromptBatch text) {
    Tensor x = text.embeddings(imagePrompts, language()); // [B, P, L]
    return language().sequenceScorer(x, text.mask(config.queryTokens()));
  }
}
