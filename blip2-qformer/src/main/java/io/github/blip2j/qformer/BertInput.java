package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a plain BERT is asked to read: words, as ids or as vectors, and what goes with them. All but
 * the words is optional. Immutable; each {@code with} returns another input.
 *
 * <pre>{@code
 * B batch, T new words, P words in the cache, N tokens of the context, C width, E encoder width
 * }</pre>
 */
public final class BertInput {
  private final @Nullable Tensor ids;
  private final @Nullable Tensor embeddings;
  private int @Nullable [][] mask;
  private @Nullable Tensor tokenTypes;
  private @Nullable Tensor context;
  private int @Nullable [][] contextMask;
  private @Nullable CrossAttentionKeyValues read;
  private @Nullable KeyValueCache cache;

  private BertInput(@Nullable Tensor ids, @Nullable Tensor embeddings) {
    this.ids = ids;
    this.embeddings = embeddings;
  }

  /** Words by id, [B, T], int64. */
  public static BertInput ofIds(Tensor ids) {
    return new BertInput(ids, null);
  }

  /** Vectors in the place of words, [B, T, C]; positions and token types are still added. */
  public static BertInput ofEmbeddings(Tensor embeddings) {
    return new BertInput(null, embeddings);
  }

  /** With 1 for a word and 0 for padding, [B][P + T]; without, all are words. */
  public BertInput withMask(int[][] newMask) {
    BertInput next = copy();
    next.mask = newMask;
    return next;
  }

  /** With the type of each word, [B, T], int64; without, all are of the first. */
  public BertInput withTokenTypes(Tensor newTypes) {
    BertInput next = copy();
    next.tokenTypes = newTypes;
    return next;
  }

  /** With an encoder's output [B, N, E] for a decoder to read. */
  public BertInput withContext(Tensor newContext) {
    BertInput next = copy();
    next.context = newContext;
    next.contextMask = null;
    next.read = null;
    return next;
  }

  /** As {@link #withContext(Tensor)}, with 1 for what counts in it and 0 for padding, [B][N]. */
  public BertInput withContext(Tensor newContext, int[][] newMask) {
    BertInput next = withContext(newContext);
    next.contextMask = newMask;
    return next;
  }

  /** With an encoder's output that has been read; see {@link BertModel#contextKeyValues}. */
  public BertInput withContext(CrossAttentionKeyValues newContext) {
    BertInput next = copy();
    next.context = null;
    next.contextMask = null;
    next.read = newContext;
    return next;
  }

  /** With the words before these, to which these are added. */
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

  /** What there is to read, or null. */
  @Nullable CrossAttentionKeyValues context(BertModel model) {
    Tensor given = context;
    return given == null ? read : model.contextKeyValues(given, contextMask);
  }

  private BertInput copy() {
    BertInput next = new BertInput(ids, embeddings);
    next.mask = mask;
    next.tokenTypes = tokenTypes;
    next.context = context;
    next.contextMask = contextMask;
    next.read = read;
    next.cache = cache;
    return next;
  }
}
