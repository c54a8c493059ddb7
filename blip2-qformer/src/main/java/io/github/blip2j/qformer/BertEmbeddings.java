package io.github.blip2j.qformer;

import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.Embedding;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The input embeddings: tokens with positions and token types, queries without, and one norm for
 * both. The Q-Former has no token types.
 *
 * <pre>{@code
 * B batch, Q queries, T tokens, C width, V vocabulary
 * queries [B, Q, C] -> [B, Q, C]
 * ids     [B, T]    -> [B, T, C]
 * }</pre>
 */
public final class BertEmbeddings extends Module {
  private final @Nullable Embedding tokenEmbedding;
  private final @Nullable Embedding positions;
  private final @Nullable Embedding types;
  private final LayerNorm norm;
  private final Dropout dropout;
  private final int maxPositions;

  /** Builds the embeddings; those of a BERT without text have only the norm. */
  public BertEmbeddings(BertConfig config, Params params) {
    this(config, TokenTable.UNTIED, params);
  }

  BertEmbeddings(BertConfig config, TokenTable table, Params params) {
    super(params);
    int C = config.dim();
    this.maxPositions = config.maxPositions();
    this.tokenEmbedding = config.text() ? table.of(config, params.at("words")) : null;
    this.positions = config.text() ? new Embedding(maxPositions, C, params.at("positions")) : null;
    this.types =
        config.tokenTypes() > 0 ? new Embedding(config.tokenTypes(), C, params.at("types")) : null;
    this.norm = new LayerNorm(C, config.normEps(), params.at("norm"));
    this.dropout = new Dropout(config.dropout());
  }

  /** The first layer's input of queries, [B, Q, C]. */
  public Tensor ofQueries(Tensor queries, ForwardPass pass) {
    return dropout.forward(norm.forward(queries), pass);
  }

  /**
   * The first layer's input of tokens.
   *
   * @param ids [B, T], int64
   * @param offset position of the first token: the number of tokens in the cache
   * @return [B, T, C]
   * @throws IllegalStateException if this BERT has no text side
   */
  public Tensor ofText(Tensor ids, int offset, ForwardPass pass) {
    return ofText(lookup(ids), null, offset, pass);
  }

  /** The token embeddings alone, [B, T] to [B, T, C]. */
  Tensor lookup(Tensor ids) {
    return tokenEmbedding().forward(ids);
  }

  /** The logits of each token by the tied table, [..., C] to [..., V], plus a bias [V]. */
  Tensor scores(Tensor x, Tensor bias) {
    return tokenEmbedding().scores(x, bias);
  }

  /**
   * The first layer's input of given token embeddings.
   *
   * @param vectors [B, T, C]
   * @param tokenTypes [B, T], int64; without, all are of the first type
   */
  Tensor ofText(Tensor vectors, @Nullable Tensor tokenTypes, int offset, ForwardPass pass) {
    int T = Math.toIntExact(vectors.dim(1));
    if (positions == null) {
      throw withoutText();
    }
    if (offset + T > maxPositions) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: text of %d tokens exceeds maxPositions=%d; shorten it",
              path(),
              offset + T,
              maxPositions));
    }
    Tensor places = Tensor.ids(IntStream.range(offset, offset + T).toArray());
    Tensor x = vectors.add(positions.forward(places)); // [B, T, C]
    return dropout.forward(norm.forward(typed(x, tokenTypes)), pass);
  }

  private Tensor typed(Tensor x, @Nullable Tensor tokenTypes) {
    if (types == null) {
      if (tokenTypes != null) {
        throw new IllegalArgumentException(
            path() + ": token types expected in a BERT that has some, got them in one without");
      }
      return x;
    }
    Tensor ids = tokenTypes == null ? Tensor.zeros(DType.INT64, 1, 1) : tokenTypes;
    return x.add(types.forward(ids));
  }

  private Embedding tokenEmbedding() {
    if (tokenEmbedding == null) {
      throw withoutText();
    }
    return tokenEmbedding;
  }

  private IllegalStateException withoutText() {
    return new IllegalStateException(
        path() + ": text expected a Q-Former with a text side, got one with queries only");
  }
}
