package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The input of a plain BERT: tokens, as ids or embeddings, and optional masks, types, context and
 * cache. Immutable; each {@code with} returns another input.
 *
 * <pre>{@code
 * B batch, T new tokens, P tokens in the cache, N tokens of the context, C width, E encoder width
 * }</pre>
 */
public final class BertInput {
  private final @Nullable Tensor ids;
  private final @Nullable Tensor embeddings;
  private int @Nullable [][] mask;
  private @Nullable Tensor tokenTypes;
  private @Nullable Tensor context;
  private int @Nullable [][] contextMask;
  private @Nullable CrossAttentionKeyValues keyValues;
  private @Nullable KeyValueCache cache;

  private BertInput(@Nullable Tensor ids, @Nullable Tensor embeddings) {
    this.ids = ids;
    this.embeddings = embeddings;
  }

  /** Token ids, [B, T], int64. */
  public static BertInput ofIds(Tensor ids) {
    return new BertInput(ids, null);
  }

  /** Token embeddings, [B, T, C]; positions and token types are still added. */
  public static BertInput ofEmbeddings(Tensor embeddings) {
    return new BertInput(null, embeddings);
  }

  /** With 1 for a token and 0 for padding, [B][P + T]; without, there is no padding. */
  public BertInput withMask(int[][] newMask) {
    BertInput next = copy();
    next.mask = newMask;
    return next;
  }

  /** With the type of each token, [B, T], int64; without, all are of the first type. */
  public BertInput withTokenTypes(Tensor newTypes) {
    BertInput next = copy();
    next.tokenTypes = newTypes;
    return next;
  }

  /** With an encoder's output [B, N, E] for a decoder's cross-attention. */
  public BertInput withContext(Tensor newContext) {
    BertInput next = copy();
    next.context = newContext;
    next.contextMask = null;
    next.keyValues = null;
    return next;
  }

  /** With an encoder's output [B, N, E] and its mask, 1 for tokens and 0 for padding, [B][N]. */
  public BertInput withContext(Tensor newContext, int[][] newMask) {
    BertInput next = withContext(newContext);
    next.contextMask = newMask;
    return next;
  }

  /** With the keys and values of an encoder's output; see {@link BertModel#contextKeyValues}. */
  public BertInput withContext(CrossAttentionKeyValues newContext) {
    BertInput next = copy();
    next.context = null;
    next.contextMask = null;
    next.keyValues = newContext;
    return next;
  }

  /** With a cache of the tokens before these, to which these are added. */
  public BertInput withCache(KeyValueCache newCache) {
    BertInput next = copy();
    next.cache = newCache;
    return next;
  }

  @Nullable Tensor ids() {
    return ids;
  }

  @Nullable Tensor embeddings() {
    return embeddings;
  }

  int @Nullable [][] mask() {
    return mask;
  }

  @Nullable Tensor tokenTypes() {
    return tokenTypes;
  }

  @Nullable KeyValueCache cache() {
    return cache;
  }

  /** The context's keys and values, or null. */
  @Nullable CrossAttentionKeyValues context(BertModel model) {
    Tensor given = context;
    return given == null ? keyValues : model.contextKeyValues(given, contextMask);
  }

  private BertInput copy() {
    BertInput next = new BertInput(ids, embeddings);
    next.mask = mask;
    next.tokenTypes = tokenTypes;
    next.context = context;
    next.contextMask = contextMask;
    next.keyValues = keyValues;
    next.cache = cache;
    return next;
  }
}
