package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.DropoutSpec;
import io.github.blip2j.tensor.types.Shape;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head attention (Vaswani et al. 2017, section 3.2.2), of a sequence to itself or to another,
 * optionally with grouped heads (Ainslie et al. 2023) and rotary positions (Su et al. 2021).
 *
 * <pre>{@code
 * B batch, T target positions, S source positions, H heads, D head width
 * K key-value heads, which divide H: K = H unless heads are grouped; G = H / K heads share one
 * C width, E width of the context, I = H D, which equals C unless headDim is given
 * }</pre>
 */
public final class Attention extends Module {
  private final Linear query;
  private final Linear key;
  private final Linear value;
  private final Linear output;
  private final DType
      intermediateType; // of hidden results, which may be as narrow as the maps' input type
  private final Config sizes;

  private Attention(Config sizes, Params params) {
    super(params);
    this.sizes = sizes;
    boolean queryBias = sizes.inputBias != InputBias.NONE;
    boolean keyBias = sizes.inputBias == InputBias.ALL;
    int inner = sizes.innerDim();
    int shared = sizes.keyValueHeads * sizes.headDim;
    this.query = linear(sizes.dim, inner, queryBias, params.at("query"));
    this.key = linear(sizes.contextDim, shared, keyBias, params.at("key"));
    this.value = linear(sizes.contextDim, shared, queryBias, params.at("value"));
    this.output = linear(inner, sizes.dim, sizes.outputBias, params.at("output"));
    DType read = output.input();
    boolean alike = Stream.of(query, key, value).allMatch(map -> map.input() == read);
    this.intermediateType = alike ? read : DType.FLOAT32;
  }

  /** Which of query, key and value have a bias. */
  public enum InputBias {
    /** All three. */
    ALL,
    /**
     * Query and value: a key bias adds a constant to all scores of a softmax, which has no effect.
     */
    QUERY_AND_VALUE,
    /** None of them. */
    NONE
  }

  /**
   * Sizes of an attention.
   *
   * @param dim width of the query sequence
   * @param contextDim width of the key and value sequence
   * @param keyValueHeads heads of keys and values; each serves {@code heads / keyValueHeads} heads
   * @param headDim width of a head
   * @param inputBias which of query, key and value have a bias
   * @param outputBias whether the output map has one
   * @param scaled whether scores are divided by the root of the head's width
   */
  public record Config(
      int dim,
      int contextDim,
      int heads,
      int keyValueHeads,
      int headDim,
      InputBias inputBias,
      boolean outputBias,
      boolean scaled) {
    /** Checks that there are heads and that they have a width. */
    public Config {
      if (heads <= 0 || headDim <= 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "attention: heads and headDim must be positive, got heads=%d, headDim=%d",
                heads,
                headDim));
      }
      if (keyValueHeads <= 0 || heads % keyValueHeads != 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "attention: keyValueHeads expected to divide heads, got keyValueHeads=%d, heads=%d",
                keyValueHeads,
                heads));
      }
    }

    /** Self-attention of a sequence of width {@code dim}. */
    public static Config self(int dim, int heads) {
      return cross(dim, dim, heads);
    }

    /** Cross-attention of a sequence of width {@code dim} to one of width {@code contextDim}. */
    public static Config cross(int dim, int contextDim, int heads) {
      if (heads <= 0 || dim % heads != 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "attention: heads expected to divide dim, got heads=%d, dim=%d",
                heads,
                dim));
      }
      return new Config(dim, contextDim, heads, heads, dim / heads, InputBias.ALL, true, true);
    }

    /**
     * Attention to a sequence of the same width, with a head width that is independent of {@code
     * dim}.
     */
    public static Config ofHeads(int dim, int heads, int headDim) {
      return new Config(dim, dim, heads, heads, headDim, InputBias.ALL, true, true);
    }

    /** With fewer heads of keys and values (grouped-query attention). */
    public Config withKeyValueHeads(int newKeyValueHeads) {
      return new Config(
          dim, contextDim, heads, newKeyValueHeads, headDim, inputBias, outputBias, scaled);
    }

    /** Without a bias of the output map. */
    public Config withoutOutputBias() {
      return new Config(dim, contextDim, heads, keyValueHeads, headDim, inputBias, false, scaled);
    }

    /** Without biases of query, key and value. */
    public Config withoutInputBias() {
      return with(InputBias.NONE);
    }

    /** Without any bias. */
    public Config withoutBias() {
      return with(InputBias.NONE).withoutOutputBias();
    }

    /** With these biases. */
    public Config with(InputBias newInputBias) {
      return new Config(
          dim, contextDim, heads, keyValueHeads, headDim, newInputBias, outputBias, scaled);
    }

    /** With unscaled scores, as in T5, whose initial weights include the scale. */
    public Config unscaled() {
      return new Config(
          dim, contextDim, heads, keyValueHeads, headDim, inputBias, outputBias, false);
    }

    /** The factor of the scores. */
    double scale() {
      return scaled ? 1 / Math.sqrt(headDim) : 1;
    }

    /** Width of all heads together. */
    int innerDim() {
      return heads * headDim;
    }
  }

  /** Builds an attention. */
  public static Attention of(Config sizes, Params params) {
    return new Attention(sizes, params);
  }

  /**
   * Attention to {@code context}.
   *
   * @param x [B, T, C]
   * @param context [B, S, E]; pass {@code x} for self-attention
   * @param mask broadcasts to [B, H, T, S]
   * @return [B, T, I], before the output map; see {@link #project}
   */
  public Tensor attend(Tensor x, Tensor context, Mask mask, AttentionOptions how) {
    x.shape().require(path(), "x", Shape.ANY, Shape.ANY, sizes.dim);
    context.shape().require(path(), "context", x.dim(0), Shape.ANY, sizes.contextDim);
    if (context != x) {
      return attend(x, keyValues(context, mask), how);
    }
    boolean narrow = isKernel(mask, how) && output.input() == intermediateType;
    DType type = narrow ? intermediateType : DType.FLOAT32;
    List<Tensor> qkv = Linear.each(x, type, query, key, value);
    Tensor q = split(qkv.get(0), sizes.heads);
    return mixHeads(q, splitShared(qkv.get(1)), splitShared(qkv.get(2)), mask, how);
  }

  /**
   * A context's keys and values, for any number of calls of {@link #attend(Tensor, KeyValues,
   * AttentionOptions)}.
   *
   * @param context [B, S, E]
   * @param mask broadcasts to [B, H, T, S]
   */
  public KeyValues keyValues(Tensor context, Mask mask) {
    context.shape().require(path(), "context", Shape.ANY, Shape.ANY, sizes.contextDim);
    List<Tensor> kv = Linear.each(context, key, value);
    return new KeyValues(splitShared(kv.get(0)), splitShared(kv.get(1)), mask);
  }

  /**
   * Attention to a context of given {@linkplain #keyValues keys and values}.
   *
   * @param x [B, T, C]
   * @return [B, T, I], before the output map; see {@link #project}
   */
  public Tensor attend(Tensor x, KeyValues context, AttentionOptions how) {
    x.shape().require(path(), "x", Shape.ANY, Shape.ANY, sizes.dim);
    Shape keys = context.keys().shape();
    keys.require(path(), "keys", x.dim(0), Shape.ANY, sizes.keyValueHeads, sizes.headDim);
    Tensor q = split(query.forward(x), sizes.heads);
    return mixHeads(q, context.keys(), context.values(), context.mask(), how);
  }

  /**
   * Self-attention; with a cache, of the new positions to all cached ones, after adding the new
   * keys and values to it.
   *
   * @param x [B, T, C]
   * @param cache null for none
   * @param mask broadcasts to [B, H, T, S] with S the cache's new length
   * @return [B, T, I], before the output map; see {@link #project}
   */
  public Tensor attend(
      Tensor x, KeyValueCache.@Nullable Layer cache, Mask mask, AttentionOptions how) {
    return cache == null ? attend(x, x, mask, how) : attendNew(x, null, cache, mask, how);
  }

  /**
   * Self-attention with rotary positions, which turn queries and keys; the cache receives turned
   * keys. Otherwise as {@link #attend(Tensor, KeyValueCache.Layer, Mask, AttentionOptions)}.
   *
   * @param x [B, T, C]
   * @param rotary the positions of x
   * @param cache null for none
   * @param mask broadcasts to [B, H, T, S] with S the cache's new length, or T without one
   * @return [B, T, I], before the output map; see {@link #project}
   */
  public Tensor attend(
      Tensor x,
      RotaryPositions rotary,
      KeyValueCache.@Nullable Layer cache,
      Mask mask,
      AttentionOptions how) {
    return attendNew(x, rotary, cache, mask, how);
  }

  private Tensor attendNew(
      Tensor x,
      @Nullable RotaryPositions rotary,
      KeyValueCache.@Nullable Layer cache,
      Mask mask,
      AttentionOptions how) {
    x.shape().require(path(), "x", Shape.ANY, Shape.ANY, sizes.dim);
    List<Tensor> qkv = Linear.each(x, query, key, value);
    Tensor q = split(qkv.get(0), sizes.heads); // [B, T, H, D]
    Tensor k = splitShared(qkv.get(1)); // [B, T, K, D]
    Tensor v = splitShared(qkv.get(2));
    if (rotary != null) {
      q = rotary.turn(q);
      k = rotary.turn(k);
    }
    if (cache == null) {
      return mixHeads(q, k, v, mask, how);
    }
    cache.append(k, v);
    return mixHeads(q, cache.keys(), cache.values(), mask, how);
  }

  /** The output map, with a residual added. */
  public Tensor project(Tensor mixed, @Nullable Tensor residual) {
    return output.forward(mixed, Activation.IDENTITY, residual);
  }

  /** {@code residual + dropout(output(mixed))}; null for no dropout. */
  public Tensor project(Tensor mixed, @Nullable DropoutSpec dropout, Tensor residual) {
    return output.forward(mixed, dropout, residual);
  }

  private Tensor mixHeads(Tensor q, Tensor k, Tensor v, Mask mask, AttentionOptions how) {
    int G = sizes.heads / sizes.keyValueHeads;
    boolean kernel = isKernel(mask, how);
    if (G == 1) {
      return mixEqualHeads(q, k, v, mask, how);
    }
    if (kernel && q.dim(1) == 1 && mask.isSameForHeads()) {
      // Decoding: the heads of a group attend as if they were targets, so keys are not repeated.
      Tensor groups = q.reshape(q.dim(0), sizes.keyValueHeads, G, sizes.headDim).transpose(1, 2);
      Tensor mixed = groups.attention(k, v, sizes.scale(), mask.tensor(), how.dropoutSpec());
      return mixed.transpose(1, 2).reshape(q.dim(0), 1, sizes.innerDim()); // from [B, G, K, D]
    }
    return mixEqualHeads(q, repeated(k, G), repeated(v, G), mask, how);
  }

  private Tensor mixEqualHeads(Tensor q, Tensor k, Tensor v, Mask mask, AttentionOptions how) {
    Tensor mixed = // [B, T, H, D]
        isKernel(mask, how)
            ? q.attention(k, v, sizes.scale(), mask.tensor(), how.dropoutSpec())
            : how.mix(path(), q.mul(sizes.scale()), k, v, mask);
    return mixed.reshape(q.dim(0), q.dim(1), sizes.innerDim());
  }

  /** [B, S, K, D] to [B, S, H, D]: each head {@code G} times. */
  private Tensor repeated(Tensor x, int G) {
    long B = x.dim(0);
    long S = x.dim(1);
    return x.reshape(B, S, sizes.keyValueHeads, 1, sizes.headDim)
        .expand(B, S, sizes.keyValueHeads, G, sizes.headDim)
        .reshape(B, S, sizes.heads, sizes.headDim);
  }

  /** The kernel treats its mask as a constant; a trained position bias is not one. */
  private static boolean isKernel(Mask mask, AttentionOptions how) {
    return how.isUnseen() && !mask.isRecorded();
  }

  private Tensor split(Tensor x, int heads) {
    return x.reshape(x.dim(0), x.dim(1), heads, sizes.headDim);
  }

  private Tensor splitShared(Tensor x) {
    return split(x, sizes.keyValueHeads);
  }

  private static Linear linear(int in, int out, boolean biased, Params params) {
    return biased ? new Linear(in, out, params) : Linear.withoutBias(in, out, params);
  }
}
