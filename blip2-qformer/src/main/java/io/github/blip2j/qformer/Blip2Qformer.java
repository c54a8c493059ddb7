package io.github.blip2j.qformer;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.Collections;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The first stage of BLIP-2 (Li et al. 2023, section 3.1): learned queries with cross-attention to
 * an image, one BERT for queries and text, and the heads for contrast, matching and generation. The
 * vision encoder is not included; its output is the input.
 *
 * <pre>{@code
 * B images or pairs, N image tokens, Q queries, T tokens, E vision width, C width, P projection width
 * }</pre>
 *
 * <p>Cross-attention keys and values of an image are computed once, by {@link #imageKeyValues}, and
 * shared by all later calls.
 */
public final class Blip2Qformer extends Module {
  private static final double FIRST_TEMPERATURE = 0.07;
  private static final double LEAST_SQUARED_NORM = 1e-24; // a norm of 1e-12, as PyTorch's normalize

  private static final Set<String> PARTS =
      Set.of(
          "visionNorm",
          "queries",
          "qformer",
          "visionProjection",
          "textProjection",
          "matching",
          "head",
          "temperature");

  private final Blip2QformerConfig config;
  private final LayerNorm visionNorm;
  private final Parameter queries;
  private final BertModel bert;
  private final Linear visionProjection;
  private final Linear textProjection;
  private final Linear matching;
  private final @Nullable BertLMHeadModel captionHead;
  private final @Nullable Parameter temperature;

  private Blip2Qformer(Blip2QformerConfig config, boolean trains, Params params) {
    super(params);
    BertConfig sizes = config.bert();
    int C = sizes.dim();
    this.config = config;
    this.visionNorm =
        new LayerNorm(sizes.encoderDim(), config.visionNormEps(), params.at("visionNorm"));
    Shape shape = Shape.of(1, config.queryTokens(), C);
    this.queries = params.get("queries", shape, Init.normal());
    TokenTable table = trains ? TokenTable.TIED : TokenTable.UNTIED;
    this.bert = new BertModel(sizes, table, params.at("qformer"));
    this.visionProjection = new Linear(C, config.projectionDim(), params.at("visionProjection"));
    this.textProjection = new Linear(C, config.projectionDim(), params.at("textProjection"));
    this.matching = new Linear(C, 2, params.at("matching"));
    this.captionHead = trains ? new BertLMHeadModel(bert, params.at("head")) : null;
    this.temperature =
        trains ? params.get("temperature", Shape.of(), Init.constant(FIRST_TEMPERATURE)) : null;
  }

  /** A model with all parts for training, as in LAVIS's checkpoints. */
  public static Blip2Qformer of(Blip2QformerConfig config, Params params) {
    return new Blip2Qformer(config, true, params);
  }

  /**
   * A model for contrast and matching only, as in Hugging Face's checkpoints: without captioning
   * head and temperature.
   */
  public static Blip2Qformer forRetrieval(Blip2QformerConfig config, Params params) {
    return new Blip2Qformer(config, false, params);
  }

  /**
   * The parameters of the Q-Former, its projections and heads. A vision encoder that was built on
   * the same {@link Params} is not among them.
   */
  @Override
  public NavigableMap<String, Parameter> parameters() {
    var own = new TreeMap<String, Parameter>();
    super.parameters()
        .forEach(
            (name, parameter) -> {
              int dot = name.indexOf('.');
              if (PARTS.contains(dot < 0 ? name : name.substring(0, dot))) {
                own.put(name, parameter);
              }
            });
    return Collections.unmodifiableNavigableMap(own);
  }

  /** The configuration. */
  public Blip2QformerConfig config() {
    return config;
  }

  /** The BERT. */
  public BertModel bert() {
    return bert;
  }

  /**
   * Computes the cross-attention keys and values of the vision encoder's output.
   *
   * @param image [B, N, E], before the norm that belongs to this model
   */
  public CrossAttentionKeyValues imageKeyValues(Tensor image) {
    return bert.imageKeyValues(patches(image));
  }

  /** The vision encoder's output after the norm, [B, N, E]. */
  public Tensor patches(Tensor image) {
    return visionNorm.forward(image);
  }

  /** Encodes the queries for an image, [B, Q, C]. */
  public Tensor encodeQueries(CrossAttentionKeyValues image, ForwardPass pass) {
    return bert.encodeQueries(queries(image), image, null, pass);
  }

  /**
   * Encodes the queries for an image, [B, Q, C], and adds their keys and values to a cache for
   * generation.
   */
  public Tensor encodeQueries(
      CrossAttentionKeyValues image, KeyValueCache cache, ForwardPass pass) {
    return bert.encodeQueries(queries(image), image, cache, pass);
  }

  /** Encodes texts without an image, [B, T, C]. */
  public Tensor encodeText(TextBatch texts, ForwardPass pass) {
    return bert.encodeText(texts.ids(), texts.mask(), pass);
  }

  /** The first token of texts, which represents them, [B, 1, C]. */
  public Tensor encodeTextStart(TextBatch texts, ForwardPass pass) {
    return bert.encodeTextStart(texts.ids(), texts.mask(), pass);
  }

  /** The queries encoded together with texts, [B, Q, C]; text i belongs to image i. */
  public Tensor encodeQueriesWithText(
      CrossAttentionKeyValues image, TextBatch texts, ForwardPass pass) {
    return bert.encodeQueriesWithText(queries(image), texts.ids(), texts.mask(), image, pass);
  }

  /** Queries and text encoded together; text i belongs to image i. */
  public QueriesAndText encodeJoint(
      CrossAttentionKeyValues image, TextBatch texts, ForwardPass pass) {
    return bert.encodeJoint(queries(image), texts.ids(), texts.mask(), image, pass);
  }

  /**
   * The embeddings of images: a unit vector for each query.
   *
   * @param encoded queries, [B, Q, C]
   * @return [B, Q, P]
   */
  public Tensor imageFeatures(Tensor encoded) {
    return normalized(visionProjection.forward(encoded));
  }

  /**
   * The projected unit vectors of every token of texts; the first represents the text.
   *
   * @param encoded texts, [B, T, C]
   * @return [B, T, P]
   */
  public Tensor tokenFeatures(Tensor encoded) {
    return normalized(textProjection.forward(encoded));
  }

  /**
   * The embeddings of texts: the unit vector of the first token.
   *
   * @param encoded texts, [B, T, C], or only their first token
   * @return [B, P]
   */
  public Tensor textFeature(Tensor encoded) {
    return tokenFeatures(encoded.select(1, 0).copy());
  }

  /**
   * The matching logits of text i and image i.
   *
   * @return [B, 2], logits of no match and match: the mean over the queries
   */
  public Tensor matchLogits(CrossAttentionKeyValues image, TextBatch texts, ForwardPass pass) {
    return matching.forward(encodeQueriesWithText(image, texts, pass)).mean(1);
  }

  /**
   * The captioning head.
   *
   * @throws IllegalStateException if the model was loaded without it
   */
  public BertLMHeadModel captionHead() {
    return present(captionHead, "captioning head");
  }

  /**
   * The temperature, a scalar that similarities are divided by.
   *
   * @throws IllegalStateException if the model was loaded without it
   */
  public Tensor temperature() {
    return present(temperature, "temperature").value();
  }

  /** An empty cache for the queries and a text of this many tokens after them. */
  public KeyValueCache cache(int tokens) {
    return bert.cache(config.queryTokens() + tokens);
  }

  /** Starts decoding a caption of each image, in the open scope; see {@link QFormerCaptioner}. */
  public QFormerCaptioner captioner(CrossAttentionKeyValues image, int newTokens) {
    return new QFormerCaptioner(captionHead(), queries(image), image, config.startId(), newTokens);
  }

  private Tensor queries(CrossAttentionKeyValues image) {
    return queries.value().expand(image.batch(), config.queryTokens(), config.bert().dim());
  }

  /** x / |x| over the last axis. */
  private static Tensor normalized(Tensor x) {
    long[] kept = x.shape().with(-1, 1).toArray();
    return x.div(x.mul(x).sum(-1).add(LEAST_SQUARED_NORM).sqrt().reshape(kept));
  }

  private <T> T present(@Nullable T part, String what) {
    if (part == null) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "Blip2Qformer: %s expected, got a model for retrieval only; load a LAVIS checkpoint",
              what));
    }
    return part;
  }
}
