package io.github.blip2j.qformer;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * BERT's body, embeddings and encoder (Devlin et al. 2019), and with queries the Q-Former's (Li et
 * al. 2023, section 3.1).
 *
 * <p>Each method has its attention mask (figure 2): {@link #encodeQueries} and {@link #encodeText}
 * are unimodal, {@link #encodeJoint} is bidirectional between queries and text, and in {@link
 * #decodeText} and {@link #decodeJoint}, which compute the same, text attends to the queries and
 * the text before it.
 *
 * <pre>{@code
 * B batch, Q queries, T new tokens, P tokens in the cache, N image tokens, C width, E encoder width
 * }</pre>
 */
public final class BertModel extends Module {
  private final BertConfig config;
  private final BertEmbeddings embeddings;
  private final BertEncoder encoder;

  /** Builds a model. */
  public BertModel(BertConfig config, Params params) {
    this(config, TokenTable.UNTIED, params);
  }

  BertModel(BertConfig config, TokenTable table, Params params) {
    super(params);
    this.config = config;
    this.embeddings = new BertEmbeddings(config, table, params.at("embeddings"));
    this.encoder = new BertEncoder(config, params.at("layers"));
  }

  /**
   * The body of a plain BERT in a {@code bert-base-uncased} style folder, whatever heads it has.
   *
   * @param home the scope of the parameters
   */
  public static BertModel load(Path folder, Scope home) throws IOException {
    return BertFolder.load(folder, home, BertNames::body, BertModel::new);
  }

  /** The configuration. */
  public BertConfig config() {
    return config;
  }

  /** An empty cache for this model, with memory for {@code positions} positions. */
  public KeyValueCache cache(int expectedPositions) {
    return new KeyValueCache(config.layers(), expectedPositions);
  }

  /**
   * The cross-attention keys and values of an image, for any number of passes.
   *
   * @param image [B, N, E]
   */
  public CrossAttentionKeyValues imageKeyValues(Tensor image) {
    return contextKeyValues(image, null);
  }

  /**
   * The cross-attention keys and values of an encoder's output, for any number of passes.
   *
   * @param context [B, N, E]
   * @param keep 1 for tokens and 0 for padding, [B][N]; null without padding
   */
  public CrossAttentionKeyValues contextKeyValues(Tensor context, int @Nullable [][] keep) {
    if (!config.kind().readsContext()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: context expected in a BERT with cross-attention, got kind=%s",
              path(),
              config.kind()));
    }
    context.shape().require(path(), "image", Shape.ANY, Shape.ANY, config.encoderDim());
    if (keep == null) {
      return encoder.keyValues(context, Mask.none());
    }
    TextRows.require(path(), "contextMask", keep, context.dim(0), context.dim(1));
    return encoder.keyValues(context, Mask.padding(keep));
  }

  /**
   * Encodes queries for an image.
   *
   * @param queries [B, Q, C]
   * @param image [B, N, E]
   * @return [B, Q, C]
   */
  public Tensor encodeQueries(Tensor queries, Tensor image, ForwardPass pass) {
    return encodeQueries(queries, image, null, pass);
  }

  /**
   * Encodes queries for an image and adds their keys and values to a cache, for the text that
   * follows.
   */
  public Tensor encodeQueries(
      Tensor queries, Tensor image, @Nullable KeyValueCache cache, ForwardPass pass) {
    return encodeQueries(queries, readFor(queries, image), cache, pass);
  }

  /**
   * Encodes queries for the image of these cross-attention keys and values.
   *
   * @return [B, Q, C]
   */
  public Tensor encodeQueries(
      Tensor queries,
      CrossAttentionKeyValues image,
      @Nullable KeyValueCache cache,
      ForwardPass pass) {
    requireImage(queries, image);
    Tensor x = embeddings.ofQueries(queries, pass);
    return encoder.forward(QueriesAndText.ofQueries(x), image, Mask.none(), cache, pass).joined();
  }

  /**
   * Encodes queries and text together with bidirectional attention (section 3.1, image-text
   * matching).
   *
   * @param queries [B, Q, C]
   * @param ids [B, T], int64
   * @param textMask 1 for a token, 0 for padding, [B][T]
   * @param image [B, N, E]
   * @throws IllegalStateException if this Q-Former has no text side
   */
  public QueriesAndText encodeJoint(
      Tensor queries, Tensor ids, int[][] textMask, Tensor image, ForwardPass pass) {
    return encodeJoint(queries, ids, textMask, readFor(queries, image), pass);
  }

  /**
   * The queries of {@link #encodeJoint}, without computing the text's output.
   *
   * @return [B, Q, C]
   */
  public Tensor encodeQueriesWithText(
      Tensor queries,
      Tensor ids,
      int[][] textMask,
      CrossAttentionKeyValues image,
      ForwardPass pass) {
    QueriesAndText streams = joined(queries, ids, textMask, image, pass);
    Mask padding = Mask.padding(TextRows.afterOnes(length(queries), textMask));
    return encoder.forwardFirst(length(queries), streams, image, padding, pass);
  }

  /** Encodes queries and text together for the image of these cross-attention keys and values. */
  public QueriesAndText encodeJoint(
      Tensor queries,
      Tensor ids,
      int[][] textMask,
      CrossAttentionKeyValues image,
      ForwardPass pass) {
    return joint(queries, ids, textMask, image, Mask.none(), pass);
  }

  /**
   * Queries and text together, where queries do not attend to text, and a token attends to the
   * queries and the tokens up to itself (section 3.1, image-grounded text generation). The text is
   * what {@link #decodeText} computes from the queries' cache.
   *
   * @param queries [B, Q, C]
   * @param ids [B, T], int64
   * @param textMask 1 for a token, 0 for padding, [B][T]
   * @param image [B, N, E]
   * @throws IllegalStateException if this Q-Former has no text side
   */
  public QueriesAndText decodeJoint(
      Tensor queries, Tensor ids, int[][] textMask, Tensor image, ForwardPass pass) {
    return decodeJoint(queries, ids, textMask, readFor(queries, image), pass);
  }

  /** Decodes text after queries for the image of these cross-attention keys and values. */
  public QueriesAndText decodeJoint(
      Tensor queries,
      Tensor ids,
      int[][] textMask,
      CrossAttentionKeyValues image,
      ForwardPass pass) {
    Mask mask = Mask.prefixThenCausal(length(queries), length(ids));
    return joint(queries, ids, textMask, image, mask, pass);
  }

  /**
   * Text after the queries that {@link #encodeQueries} added to a cache: a token attends to them
   * and the tokens up to itself. Positions count tokens only, and the new tokens are added to the
   * cache.
   *
   * @param ids [B, T], int64
   * @param textMask 1 for a token, 0 for padding, [B][P + T]
   * @param queries how many of the cache's positions are queries
   * @return [B, T, C]
   * @throws IllegalStateException if this Q-Former has no text side
   */
  public Tensor decodeText(
      Tensor ids, int[][] textMask, KeyValueCache cache, int queries, ForwardPass pass) {
    int past = cache.length() - queries;
    if (past < 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: cache expected to hold %d queries, got %d positions; encode the queries with it",
              path(),
              queries,
              cache.length()));
    }
    ids.shape().require(path(), "ids", Shape.ANY, Shape.ANY);
    TextRows.require(path(), "textMask", textMask, ids.dim(0), past + ids.dim(1));
    Mask padding = Mask.padding(TextRows.afterOnes(queries, textMask));
    Mask mask = Mask.causal(length(ids), cache.length() + length(ids)).and(padding);
    Tensor x = embeddings.ofText(ids, past, pass);
    return encoder.forward(QueriesAndText.ofText(x), null, mask, cache, pass).joined();
  }

  /**
   * Encodes text alone with bidirectional attention (section 3.1, contrastive).
   *
   * @param ids [B, T], int64
   * @param textMask 1 for a token, 0 for padding, [B][T]
   * @return [B, T, C]
   * @throws IllegalStateException if this Q-Former has no text side
   */
  public Tensor encodeText(Tensor ids, int[][] textMask, ForwardPass pass) {
    requireText(ids, textMask, Shape.ANY);
    QueriesAndText streams = QueriesAndText.ofText(embeddings.ofText(ids, 0, pass));
    return encoder.forward(streams, null, Mask.padding(textMask), null, pass).joined();
  }

  /**
   * The first token of {@link #encodeText}, which represents the text.
   *
   * @return [B, 1, C]
   */
  public Tensor encodeTextStart(Tensor ids, int[][] textMask, ForwardPass pass) {
    requireText(ids, textMask, Shape.ANY);
    QueriesAndText streams = QueriesAndText.ofText(embeddings.ofText(ids, 0, pass));
    return encoder.forwardFirst(1, streams, null, Mask.padding(textMask), pass);
  }

  /**
   * A plain BERT's last hidden states: bidirectional in an encoder, causal in a decoder, with the
   * cached tokens.
   *
   * @return [B, T, C]
   */
  public Tensor forward(BertInput input, ForwardPass pass) {
    Tensor ids = input.ids();
    Tensor given = input.embeddings();
    Tensor vectors = ids == null || given != null ? given : embeddings.lookup(ids);
    if (vectors == null) {
      throw new AssertionError("input without tokens");
    }
    vectors.shape().require(path(), "embeddings", Shape.ANY, Shape.ANY, config.dim());
    long B = vectors.dim(0);
    KeyValueCache cache = input.cache();
    int past = cache == null ? 0 : cache.length();
    Mask mask = plainMask(input.mask(), B, past, length(vectors));
    CrossAttentionKeyValues context = input.context(this);
    if (context != null) {
      requireReader(context, B);
    }
    Tensor x = embeddings.ofText(vectors, typesOf(input, vectors), past, pass);
    return encoder.forward(QueriesAndText.ofText(x), context, mask, cache, pass).joined();
  }

  /** The logits of each token: [..., C] to [..., V], plus a bias [V]. */
  Tensor scores(Tensor x, Tensor bias) {
    return embeddings.scores(x, bias);
  }

  private QueriesAndText joint(
      Tensor queries,
      Tensor ids,
      int[][] textMask,
      CrossAttentionKeyValues image,
      Mask order,
      ForwardPass pass) {
    QueriesAndText streams = joined(queries, ids, textMask, image, pass);
    Mask padding = Mask.padding(TextRows.afterOnes(length(queries), textMask));
    return encoder.forward(streams, image, order.and(padding), null, pass);
  }

  private QueriesAndText joined(
      Tensor queries,
      Tensor ids,
      int[][] textMask,
      CrossAttentionKeyValues image,
      ForwardPass pass) {
    requireImage(queries, image);
    requireText(ids, textMask, queries.dim(0));
    return new QueriesAndText(embeddings.ofQueries(queries, pass), embeddings.ofText(ids, 0, pass));
  }

  private Mask plainMask(int @Nullable [][] keep, long batch, int past, int tokens) {
    Mask order = config.kind().isCausal() ? Mask.causal(tokens, past + tokens) : Mask.none();
    if (keep == null) {
      return order;
    }
    TextRows.require(path(), "mask", keep, batch, past + tokens);
    return order.and(Mask.padding(keep));
  }

  private @Nullable Tensor typesOf(BertInput input, Tensor vectors) {
    Tensor types = input.tokenTypes();
    if (types != null) {
      types.shape().require(path(), "tokenTypes", vectors.dim(0), vectors.dim(1));
    }
    return types;
  }

  private CrossAttentionKeyValues readFor(Tensor queries, Tensor image) {
    requireQueries(queries);
    image.shape().require(path(), "image", queries.dim(0), Shape.ANY, config.encoderDim());
    return imageKeyValues(image);
  }

  private void requireImage(Tensor queries, CrossAttentionKeyValues image) {
    requireQueries(queries);
    requireRows(image, queries.dim(0));
  }

  private void requireReader(CrossAttentionKeyValues context, long batch) {
    if (config.kind() == BertKind.Q_FORMER) {
      throw new IllegalArgumentException(
          path()
              + ": context expected for queries, got one for text; use encodeJoint or decodeJoint");
    }
    requireRows(context, batch);
  }

  private void requireRows(CrossAttentionKeyValues context, long batch) {
    Shape.of(context.batch()).require(path(), "image rows", batch);
  }

  private void requireQueries(Tensor queries) {
    queries.shape().require(path(), "queries", Shape.ANY, Shape.ANY, config.dim());
  }

  private void requireText(Tensor ids, int[][] textMask, long batch) {
    ids.shape().require(path(), "ids", batch, Shape.ANY);
    TextRows.require(path(), "textMask", textMask, ids.dim(0), ids.dim(1));
  }

  private static int length(Tensor sequence) {
    return Math.toIntExact(sequence.dim(1));
  }
}
