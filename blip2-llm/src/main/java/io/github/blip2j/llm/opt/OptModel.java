package io.github.blip2j.llm.opt;

import io.github.blip2j.llm.DecoderModel;
import io.github.blip2j.llm.PackedSequences;
import io.github.blip2j.llm.TokenTable;
import io.github.blip2j.nn.Embedding;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.LayerStack;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.text.TokenGrid;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * OPT, a decoder-only language model (Zhang et al. 2022).
 *
 * <pre>{@code
 * R rows, T new positions, S all positions with those of the cache, L embedding width, V vocabulary
 * }</pre>
 */
public final class OptModel extends Module implements DecoderModel {
  // The table begins with two rows that no token uses; fairseq counted positions from pad + 1.
  static final int POSITION_OFFSET = 2;

  private final OptConfig config;
  private final TokenTable tokens;
  private final Embedding positions;
  private final @Nullable Linear projectIn;
  private final @Nullable Linear projectOut;
  private final List<OptLayer> layers = new ArrayList<>();
  private final @Nullable LayerNorm norm;

  /** Builds a model. */
  public OptModel(OptConfig config, Params params) {
    super(params);
    this.config = config;
    int inner = config.dim();
    int outer = config.embeddingDim();
    this.tokens = new TokenTable(config.vocabSize(), outer, config.tiedHead(), params);
    this.positions =
        new Embedding(
            config.maxPositions() + POSITION_OFFSET,
            inner,
            params.at("positions").atLeast(Precision.FLOAT32));
    boolean projected = inner != outer;
    this.projectIn = projected ? Linear.withoutBias(outer, inner, params.at("projectIn")) : null;
    for (int i = 0; i < config.layers(); i++) {
      layers.add(new OptLayer(config, params.at("layers").at(i).forDecoding()));
    }
    this.norm = config.finalNorm() ? OptLayer.finalNorm(config, params.at("norm")) : null;
    this.projectOut = projected ? Linear.withoutBias(inner, outer, params.at("projectOut")) : null;
  }

  /** The configuration. */
  public OptConfig config() {
    return config;
  }

  @Override
  public int dim() {
    return config.embeddingDim();
  }

  @Override
  public int vocabSize() {
    return config.vocabSize();
  }

  @Override
  public int maxPositions() {
    return config.maxPositions();
  }

  @Override
  public int roomAfter(int promptLength) {
    // The last token is generated but never an input, so it needs no position.
    return config.maxPositions() - promptLength + 1;
  }

  @Override
  public Tensor embed(Tensor ids) {
    return tokens.embed(ids);
  }

  @Override
  public Tensor forward(Tensor x, int[][] mask, @Nullable KeyValueCache cache, ForwardPass pass) {
    x.shape().require(path(), "x", mask.length, Shape.ANY, config.embeddingDim());
    int T = Math.toIntExact(x.dim(1));
    int S = T + (cache == null ? 0 : cache.length());
    Mask visible = Mask.causal(T, S).and(Mask.padding(mask));
    return forward(x, positionIds(mask, T), visible, cache, pass);
  }

  /** The last hidden states at the given positions, with any attention mask. */
  private Tensor forward(
      Tensor x, Tensor positionIds, Mask visible, @Nullable KeyValueCache cache, ForwardPass pass) {
    Tensor inner = projectIn == null ? x : projectIn.forward(x); // [R, T, C]
    LayerStack stack =
        LayerStack.ofDecoder(
            path(),
            layers.size(),
            cache,
            (i, h, part, own) -> layers.get(i).forward(h, visible, part, own));
    Tensor h = stack.forward(() -> inner.add(positions.forward(positionIds)), pass);
    Tensor normed = norm == null ? h : norm.forward(h);
    return projectOut == null ? normed : projectOut.forward(normed); // [R, T, L]
  }

  @Override
  public Tensor forward(Tensor x, PackedSequences texts, KeyValueCache cache) {
    long[][] at = texts.positions();
    long[] rows = new long[TokenGrid.size("positions", at.length, texts.length())];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = at[i / texts.length()][i % texts.length()] + POSITION_OFFSET;
    }
    Tensor positionIds = Tensor.of(rows, at.length, texts.length());
    return forward(x, positionIds, texts.visible(), cache, ForwardPass.evaluation());
  }

  @Override
  public Tensor logits(Tensor hidden) {
    return tokens.logits(hidden);
  }

  @Override
  public KeyValueCache cache(int expectedPositions) {
    return new KeyValueCache(config.layers(), expectedPositions);
  }

  /** Positions count tokens, not padding; padding uses row 1, on which no result depends. */
  private static Tensor positionIds(int[][] mask, int newest) {
    int R = mask.length;
    long[] ids = new long[TokenGrid.size("positions", R, newest)];
    for (int r = 0; r < R; r++) {
      int S = mask[r].length;
      long seen = 0;
      for (int s = 0; s < S; s++) {
        seen += mask[r][s];
        if (s >= S - newest) {
          ids[r * newest + s - (S - newest)] = seen * mask[r][s] - 1 + POSITION_OFFSET;
        }
      }
    }
    return Tensor.of(ids, R, newest);
  }
}
