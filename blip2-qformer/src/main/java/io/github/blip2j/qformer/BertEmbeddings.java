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
 * What goes into the first layer: words with positions and token types, queries without, one norm
 * over both. Token types are absent from the Q-Former.
 */
public final class BertEmbeddings extends Module {
  private final @Nullable Embedding words;
  private final @Nullable Embedding positions;
  private final @Nullable Embedding types;
  private final LayerNorm norm;
  private final Dropout dropout;
  private final int maxPositions;

  /** Embeddings of these sizes; a BERT without a text side has only the norm. */
  public BertEmbeddings(BertConfig config, Params params) {
    this(config, TokenTable.UNTIED, params);
  }

  BertEmbeddings(BertConfig config, TokenTable table, Params params) {
    super(params);
    int C = config.dim();
    this.maxPositions = config.maxPositions();
    this.words = config.text() ? table.of(config, params.at("words")) : null;
    this.positions = config.text() ? new Embedding(maxPositions, C, params.at("positions")) : null;
    this.types =
        config.tokenTypes() > 0 ? new Embedding(config.tokenTypes(), C, params.at("types")) : null;
    this.norm = new LayerNorm(C, config.normEps(), params.at("norm"));
    this.dropout = new Dropout(config.dropout());
  }

  /** Queries as they enter the first layer, [B, Q, C]. */
  public Tensor ofQueries(Tensor queries, ForwardPass pass) {
    return dropout.forward(norm.forward(queries), pass);
  }

  /**
   * Words as they enter the first layer.
   *
   * @param ids [B, T], int64
   * @param offset position of the first word: how many came before it in the cache
   * @return [B, T, C]
   * @throws IllegalStateException if this BERT has no text side
   */
  public Tensor ofText(Tensor ids, int offset, ForwardPass pass) {
    return ofText(lookup(ids), null, offset, pass);
  }

  /** The vectors of these words alone, [B, T] to [B, T, C]. */
  Tensor lookup(Tensor ids) {
    return words().forward(ids);
  }

  /** A score for each word of the table, [..., C] to [..., V], plus a bias [V]. */
  Tensor scores(Tensor x, Tensor bias) {
    return words().scores(x, bias);
  }

  /**
   * Vectors of words as they enter the first layer.
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

  private Embedding words() {
    if (words == null) {
      throw withoutText();
    }
    return words;
  }

  private IllegalStateException withoutText() {
    return new IllegalStateException(
        path() + ": text expected a Q-Former with a text side, got one with queries only");
  }
}
