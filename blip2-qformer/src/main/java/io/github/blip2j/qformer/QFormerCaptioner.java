package io.github.blip2j.qformer;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;

/**
 * A decoding session of the Q-Former's captioning head (Li et al. 2023, section 3.1): the queries
 * are encoded once, and text is generated from a start token after their cache. There is no prompt.
 *
 * <pre>{@code
 * B images, Q queries, R rows of one call, V vocabulary
 * }</pre>
 */
public final class QFormerCaptioner implements DecodingSession {
  private final BertLMHeadModel model;
  private final Tensor queries;
  private final CrossAttentionKeyValues images;
  private final int startToken;
  private final KeyValueCache cache;

  /**
   * Starts decoding for these images, in the open scope.
   *
   * @param queries [B, Q, C]
   * @param images from {@link BertModel#imageKeyValues}, B rows
   * @param startToken BLIP-2's is {@code [DEC]}
   * @param newTokens the most tokens that may follow it
   */
  public QFormerCaptioner(
      BertLMHeadModel model,
      Tensor queries,
      CrossAttentionKeyValues images,
      int startToken,
      int newTokens) {
    this.model = model;
    this.queries = queries;
    this.images = images;
    this.startToken = startToken;
    this.cache = model.bert().cache(Math.toIntExact(queries.dim(1)) + 1 + newTokens);
  }

  @Override
  public int vocabSize() {
    return model.bert().config().vocabSize();
  }

  @Override
  public float[][] start() {
    int[] starts = new int[Math.toIntExact(queries.dim(0))];
    Arrays.fill(starts, startToken);
    try (Scope step = Scope.open(model.backend());
        var off = GradMode.noGrad()) {
      model.bert().encodeQueries(queries, images, cache, ForwardPass.evaluation());
      return scores(starts);
    }
  }

  @Override
  public float[][] next(int[] beamIndices, int[] tokens) {
    try (Scope step = Scope.open(model.backend());
        var off = GradMode.noGrad()) {
      cache.select(beamIndices); // reordered rows are copied, for this step only
      return scores(tokens);
    }
  }

  private float[][] scores(int[] tokens) {
    Tensor ids = Tensor.ids(tokens).reshape(tokens.length, 1);
    Tensor logits = model.nextLogits(ids, cache, Math.toIntExact(queries.dim(1))); // [R, V]
    return logits.toFloatRows();
  }
}
