package io.github.blip2j.nn;

import io.github.blip2j.tensor.Activation;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.Thinning;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head attention (Vaswani et al. 2017, section 3.2.2), of a sequence to itself or to another.
 *
 * <pre>{@code
 * B batch, T target positions, S source positions, H heads, D head width, C = H D
 * }</pre>
 */
public final class Attention extends Module {
  private final Linear query;
  private final Linear key;
  private final Linear value;
  private final Linear output;
  private final int dim;
  private final int contextDim;
  private final int heads;

  private Attention(Sizes sizes, Params params) {
    super(params);
    this.dim = sizes.dim;
    this.contextDim = sizes.contextDim;
    this.heads = sizes.heads;
    boolean queryBias = sizes.inputBias != InputBias.NONE;
    this.query = sizes.linear(dim, queryBias, params.at("query"));
    this.key = sizes.linear(contextDim, sizes.inputBias == InputBias.ALL, params.at("key"));
    this.value = sizes.linear(contextDim, queryBias, params.at("value"));
    this.output = new Linear(dim, dim, params.at("output"));
  }

  /** Which of query, key and value have a bias. */
  public enum InputBias {
    /** All three. */
    ALL,
    /** Query and value: the key's adds the same to all scores of a softmax, which changes none. */
    QUERY_AND_VALUE,
    /** None of them. */
    NONE
  }

  /**
   * Sizes of an attention.
   *
   * @param dim width of the sequence that asks
   * @param contextDim width of the sequence that is read
   * @param inputBias which of query, key and value have a bias
   */
  public record Sizes(int dim, int contextDim, int heads, InputBias inputBias) {
    /** Checks that heads divide the width. */
    public Sizes {
      if (heads <= 0 || dim % heads != 0) {
        throw new IllegalArgumentException(
            "attention: heads expected to divide dim, got heads=%d, dim=%d".formatted(heads, dim));
      }
    }

    /** A sequence of width {@code dim} that reads itself. */
    public static Sizes self(int dim, int heads) {
      return new Sizes(dim, dim, heads, InputBias.ALL);
    }

    /** A sequence of width {@code dim} that reads one of width {@code contextDim}. */
    public static Sizes cross(int dim, int contextDim, int heads) {
      return new Sizes(dim, contextDim, heads, InputBias.ALL);
    }

    /** Without biases of query, key and value. */
    public Sizes withoutInputBias() {
      return with(InputBias.NONE);
    }

    /** With these biases. */
    public Sizes with(InputBias newInputBias) {
      return new Sizes(dim, contextDim, heads, newInputBias);
    }

    private Linear linear(int in, boolean biased, Params params) {
      return biased ? new Linear(in, dim, params) : Linear.withoutBias(in, dim, params);
    }
  }

  /** An attention of these sizes. */
  public static Attention of(Sizes sizes, Params params) {
    return new Attention(sizes, params);
  }

  /**
   * Attention to {@code context}.
   *
   * @param x [B, T, C]
   * @param context [B, S, E]; pass {@code x} for self-attention
   * @param mask broadcasts to [B, H, T, S]
   * @return [B, T, C], before the output map; see {@link #project}
   */
  public Tensor mix(Tensor x, Tensor context, Mask mask, Heads how) {
    x.shape().require(path(), "x", Shape.ANY, Shape.ANY, dim);
    context.shape().require(path(), "context", x.dim(0), Shape.ANY, contextDim);
    return mix(x, read(context, mask), how);
  }

  /**
   * A context's keys and values, for {@link #mix(Tensor, KeyValues, Heads)} as often as wanted.
   *
   * @param context [B, S, E]
   * @param mask broadcasts to [B, H, T, S]
   */
  public KeyValues read(Tensor context, Mask mask) {
    context.shape().require(path(), "context", Shape.ANY, Shape.ANY, contextDim);
    return new KeyValues(split(key.forward(context)), split(value.forward(context)), mask);
  }

  /**
   * Attention to a context that has been {@linkplain #read read}.
   *
   * @param x [B, T, C]
   * @return [B, T, C], before the output map; see {@link #project}
   */
  public Tensor mix(Tensor x, KeyValues context, Heads how) {
    x.shape().require(path(), "x", Shape.ANY, Shape.ANY, dim);
    context.keys().shape().require(path(), "keys", x.dim(0), Shape.ANY, heads, dim / heads);
    return mixHeads(x, context.keys(), context.values(), context.mask(), how);
  }

  /**
   * Self-attention of the newest positions to all that the cache holds, after adding them to it.
   *
   * @param x [B, T, C]
   * @param mask broadcasts to [B, H, T, S] with S the cache's new length
   * @return [B, T, C], before the output map; see {@link #project}
   */
  public Tensor mix(Tensor x, KeyValueCache.Layer cache, Mask mask, Heads how) {
    x.shape().require(path(), "x", Shape.ANY, Shape.ANY, dim);
    cache.append(split(key.forward(x)), split(value.forward(x)));
    return mixHeads(x, cache.keys(), cache.values(), mask, how);
  }

  /** The output map, with a residual added. */
  public Tensor project(Tensor mixed, @Nullable Tensor residual) {
    return output.forward(mixed, Activation.IDENTITY, residual);
  }

  /** The output map, thinned, with a residual added: in training. */
  public Tensor project(Tensor mixed, Thinning thinning, Tensor residual) {
    return output.forward(mixed, thinning, residual);
  }

  private Tensor mixHeads(Tensor x, Tensor k, Tensor v, Mask mask, Heads how) {
    long B = x.dim(0);
    long T = x.dim(1);
    Tensor q = split(query.forward(x)); // [B, T, H, D]
    double scale = 1 / Math.sqrt((double) dim / heads);
    Tensor mixed =
        how.isUnseen()
            ? q.attention(k, v, scale, mask.tensor(), how.thinning())
            : how.mix(path(), q.mul(scale), k, v, mask);
    return mixed.reshape(B, T, dim);
  }

  private Tensor split(Tensor x) {
    return x.reshape(x.dim(0), x.dim(1), heads, dim / heads);
  }
}
