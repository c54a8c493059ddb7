package io.github.blip2j.qformer;

import io.github.blip2j.nn.Dropout;
import io.github.blip2j.nn.Embedding;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Tensor;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What goes into the first layer: words with positions, queries without, one norm over both. BERT's
 * token types are absent from the Q-Former.
 */
public final class BertEmbeddings extends Module {
  private final @Nullable Embedding words;
  private final @Nullable Embedding positions;
  private final LayerNorm norm;
  private final Dropout dropout;
  private final int maxPositions;

  /** Embeddings of these sizes; a BERT without a text side has only the norm. */
  public BertEmbeddings(BertConfig config, Params params) {
    super(params);
    this.maxPositions = config.maxPositions();
    this.words =
        config.text() ? new Embedding(config.vocabSize(), config.dim(), params.at("words")) : null;
    this.positions =
        config.text() ? new Embedding(maxPositions, config.dim(), params.at("positions")) : null;
    this.norm = new LayerNorm(config.dim(), config.normEps(), params.at("norm"));
    this.dropout = new Dropout(config.dropout());
  }

  /** Queries as they enter the first layer, [B, Q, C]. */
  public Tensor ofQueries(Tensor queries, Pass pass) {
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
  public Tensor ofText(Tensor ids, int offset, Pass pass) {
    if (words == null || positions == null) {
      throw new IllegalStateException(
          path() + ": text expected a Q-Former with a text side, got one with queries only");
    }
    int T = Math.toIntExact(ids.dim(1));
    if (offset + T > maxPositions) {
      throw new IllegalArgumentException(
          "%s: text of %d tokens exceeds maxPositions=%d; shorten it"
              .formatted(path(), offset + T, maxPositions));
    }
    Tensor places = Tensor.ids(IntStream.range(offset, offset + T).toArray());
    Tensor x = words.forward(ids).add(positions.forward(places)); // [B, T, C]
    return dropout.forward(norm.forward(x), pass);
  }
}
