package io.github.blip2j.llm.llama;

import io.github.blip2j.llm.DecoderModel;
import io.github.blip2j.llm.PackedSequences;
import io.github.blip2j.llm.TokenTable;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.LayerStack;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.RmsNorm;
import io.github.blip2j.nn.RotaryPositions;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * LLaMA, a decoder-only language model (Touvron et al. 2023), and models of its kind: Vicuna,
 * Mistral, Qwen2.
 *
 * <pre>{@code
 * R rows, T new positions, S all positions with those of the cache, L width, V vocabulary
 * }</pre>
 */
public final class LlamaModel extends Module implements DecoderModel {
  private final LlamaConfig config;
  private final TokenTable tokens;
  private final List<LlamaLayer> layers = new ArrayList<>();
  private final RmsNorm norm;

  /** Builds a model. */
  public LlamaModel(LlamaConfig config, Params params) {
    super(params);
    this.config = config;
    this.tokens = new TokenTable(config.vocabSize(), config.dim(), config.tiedHead(), params);
    for (int i = 0; i < config.layers(); i++) {
      layers.add(new LlamaLayer(config, params.at("layers").at(i).forDecoding()));
    }
    this.norm = new RmsNorm(config.dim(), config.normEps(), params.at("norm"));
  }

  /** The configuration. */
  public LlamaConfig config() {
    return config;
  }

  @Override
  public int dim() {
    return config.dim();
  }

  @Override
  public int vocabSize() {
    return config.vocabSize();
  }

  /** No limit: rotary positions have no table that ends. */
  @Override
  public int maxPositions() {
    return Integer.MAX_VALUE;
  }

  @Override
  public int roomAfter(int promptLength) {
    return Integer.MAX_VALUE;
  }

  @Override
  public Tensor embed(Tensor ids) {
    return tokens.embed(ids);
  }

  @Override
  public Tensor forward(Tensor x, int[][] mask, @Nullable KeyValueCache cache, ForwardPass pass) {
    x.shape().require(path(), "x", mask.length, Shape.ANY, config.dim());
    int T = Math.toIntExact(x.dim(1));
    int S = T + (cache == null ? 0 : cache.length());
    Mask visible = Mask.causal(T, S).and(Mask.padding(mask));
    SlidingWindow window = config.window();
    Mask near = window == null ? visible : visible.and(Mask.slidingWindow(mask, T, window.size()));
    return forward(x, positions(mask, T), visible, near, cache, pass);
  }

  @Override
  public Tensor forward(Tensor x, PackedSequences texts, KeyValueCache cache) {
    Mask visible = texts.visible();
    SlidingWindow window = config.window();
    Mask near = window == null ? visible : texts.visible(window.size());
    return forward(x, texts.positions(), visible, near, cache, ForwardPass.evaluation());
  }

  /** The last hidden states; layers with a sliding window attend to {@code near} positions. */
  private Tensor forward(
      Tensor x,
      long[][] positions,
      Mask visible,
      Mask near,
      @Nullable KeyValueCache cache,
      ForwardPass pass) {
    boolean whole = cache == null || cache.length() == 0;
    RotaryPositions rotary = config.rotary().positions(config.headDim(), positions, whole);
    SlidingWindow window = config.window();
    LayerStack stack =
        LayerStack.ofDecoder(
            path(),
            layers.size(),
            cache,
            (i, h, part, own) -> {
              Mask mask = window != null && window.layers().contains(i) ? near : visible;
              return layers.get(i).forward(h, rotary, mask, part, own);
            });
    return norm.forward(stack.forward(() -> x, pass)); // [R, T, L]
  }

  @Override
  public Tensor logits(Tensor hidden) {
    return tokens.logits(hidden);
  }

  @Override
  public KeyValueCache cache(int positions) {
    return new KeyValueCache(config.layers(), positions);
  }

  /** Positions count tokens, not padding, on whose position no result depends. */
  private static long[][] positions(int[][] mask, int newest) {
    long[][] positions = new long[mask.length][newest];
    for (int r = 0; r < mask.length; r++) {
      int first = mask[r].length - newest;
      long seen = 0;
      for (int s = 0; s < mask[r].length; s++) {
        seen += mask[r][s];
        if (s >= first) {
          positions[r][s - first] = Math.max(0, seen - 1);
        }
      }
    }
    return positions;
  }
}
