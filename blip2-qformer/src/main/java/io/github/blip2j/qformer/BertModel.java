package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The Q-Former's body: embeddings and encoder (Devlin et al. 2019; Li et al. 2023, section 3.1).
 *
 * <p>Masks are built here from what each call means. Queries alone see each other and the image.
 */
public final class BertModel extends Module {
  private final BertConfig config;
  private final BertEmbeddings embeddings;
  private final BertEncoder encoder;

  /** A model of these sizes. */
  public BertModel(BertConfig config, Params params) {
    super(params);
    this.config = config;
    this.embeddings = new BertEmbeddings(config, params.at("embeddings"));
    this.encoder = new BertEncoder(config, params.at("layers"));
  }

  /** The sizes. */
  public BertConfig config() {
    return config;
  }

  /**
   * What the queries see in the image.
   *
   * @param queries [B, Q, C]
   * @param image [B, N, E]
   * @return [B, Q, C]
   */
  public Tensor encodeQueries(Tensor queries, Tensor image, Pass pass) {
    return encodeQueries(queries, image, null, pass);
  }

  /** As above, adding the queries' keys and values to a cache for the text that follows. */
  public Tensor encodeQueries(
      Tensor queries, Tensor image, @Nullable KeyValueCache cache, Pass pass) {
    requireImage(queries, image);
    Tensor x = embeddings.ofQueries(queries, pass);
    return encoder.forward(Streams.ofQueries(x), image, Mask.none(), cache, pass).joined();
  }

  /**
   * Queries and text together, each seeing every query and every word that is not padding (section
   * 3.1, image-text matching).
   *
   * @param queries [B, Q, C]
   * @param ids [B, T], int64
   * @param textMask 1 for a word, 0 for padding, [B][T]
   * @param image [B, N, E]
   * @throws IllegalStateException if this Q-Former has no text side
   */
  public Streams encodeJoint(
      Tensor queries, Tensor ids, int[][] textMask, Tensor image, Pass pass) {
    requireImage(queries, image);
    requireText(ids, textMask, queries.dim(0));
    Streams streams =
        new Streams(embeddings.ofQueries(queries, pass), embeddings.ofText(ids, 0, pass));
    int Q = Math.toIntExact(queries.dim(1));
    int[][] keep = new int[textMask.length][];
    for (int b = 0; b < keep.length; b++) {
      keep[b] = new int[Q + textMask[b].length];
      Arrays.fill(keep[b], 0, Q, 1);
      System.arraycopy(textMask[b], 0, keep[b], Q, textMask[b].length);
    }
    return encoder.forward(streams, image, Mask.padding(keep), null, pass);
  }

  /**
   * Text alone, every word seeing every word that is not padding (section 3.1, contrastive).
   *
   * @param ids [B, T], int64
   * @param textMask 1 for a word, 0 for padding, [B][T]
   * @return [B, T, C]
   * @throws IllegalStateException if this Q-Former has no text side
   */
  public Tensor encodeText(Tensor ids, int[][] textMask, Pass pass) {
    requireText(ids, textMask, Shape.ANY);
    Streams streams = Streams.ofText(embeddings.ofText(ids, 0, pass));
    return encoder.forward(streams, null, Mask.padding(textMask), null, pass).joined();
  }

  private void requireImage(Tensor queries, Tensor image) {
    queries.shape().require(path(), "queries", Shape.ANY, Shape.ANY, config.dim());
    image.shape().require(path(), "image", queries.dim(0), Shape.ANY, config.encoderDim());
  }

  private void requireText(Tensor ids, int[][] textMask, long batch) {
    ids.shape().require(path(), "ids", batch, Shape.ANY);
    Shape.of(textMask.length).require(path(), "textMask rows", ids.dim(0));
    for (int[] row : textMask) {
      Shape.of(row.length).require(path(), "textMask row", ids.dim(1));
    }
  }
}
