package io.github.blip2j.llm.opt;

import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.llm.SequenceScorer;
import io.github.blip2j.nn.Embedding;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.text.Side;
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
public final class OptModel extends Module implements LanguageModel {
  // The table begins with two rows that no token uses; fairseq counted positions from pad + 1.
  static final int POSITION_OFFSET = 2;

  private final OptConfig config;
  private final Embedding tokenEmbedding;
  private final Embedding positions;
  private final @Nullable Linear projectIn;
  private final @Nullable Linear projectOut;
  private final List<OptLayer> layers = new ArrayList<>();
  private final @Nullable LayerNorm norm;
  private final @Nullable Linear head;

  /**
   * Builds a model. If the configuration ties the head to the embeddings, a checkpoint may hold
   * either or both; if it holds both and they differ, they are not tied, as in Hugging Face.
   */
  public OptModel(OptConfig config, Params params) {
    super(params);
    this.config = config;
    int inner = config.dim();
    int outer = config.embeddingDim();
    boolean apart = !config.tiedHead() || params.storedApart("words.weight", "head.weight");
    boolean storedInHead =
        config.tiedHead() && !params.has("words.weight") && params.has("head.weight");
    // Rounding errors of the head affect every token, and it is small compared with the layers.
    Params table =
        params.at(storedInHead ? "head" : "words").forDecoding().atLeast(Precision.BFLOAT16);
    this.tokenEmbedding =
        apart
            ? new Embedding(config.vocabSize(), outer, table)
            : Embedding.tied(config.vocabSize(), outer, table);
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
    Params own = params.at("head").forDecoding().atLeast(Precision.BFLOAT16);
    this.head = apart ? Linear.withoutBias(outer, config.vocabSize(), own) : null;
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
  public Side paddingSide() {
    return Side.LEFT;
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
    return tokenEmbedding.forward(ids);
  }

  @Override
  public SequenceScorer sequenceScorer(Tensor prompt, int[][] mask) {
    return new OptSequenceScorer(this, prompt, mask);
  }

  @Override
  public DecodingSession startDecoding(Tensor prompt, int[][] mask, int newTokens) {
    return new OptDecodingSession(this, prompt, mask, newTokens);
  }

  /**
   * The last hidden states.
   *
   * @param x embeddings of the new positions, [R, T, L]
   * @param mask 1 for tokens, 0 for padding, over all positions, [R][S]
   * @param cache earlier positions; the new ones are added to it. Without one, S = T
   * @return [R, T, L]
   */
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
    Tensor h = inner.add(positions.forward(positionIds));
    pass.observer().hiddenState(path(), 0, h);
    for (int i = 0; i < layers.size(); i++) {
      List<Tensor> input = List.of(h);
      OptLayer layer = layers.get(i);
      KeyValueCache.Layer layerCache = cache == null ? null : cache.layer(i);
      // A cache grows with every run of a layer, so that a layer with one is run once.
      ForwardPass layerPass = cache == null ? pass : pass.withoutGradientCheckpointing();
      h = layerPass.layer(input, (in, own) -> layer.forward(in.get(0), visible, layerCache, own));
      pass.observer().hiddenState(path(), i + 1, h);
    }
    Tensor normed = norm == null ? h : norm.forward(h);
    return projectOut == null ? normed : projectOut.forward(normed); // [R, T, L]
  }

  /**
   * The last hidden states of packed tokens, at the given positions and with the given attention
   * mask.
   *
   * @param x their embeddings, [R, T, L]
   * @param at the row of each in the table of positions, [R, T]
   * @param visible the attention mask over the cache and these tokens, [R, 1, T, S]
   * @return [R, T, L]
   */
  Tensor forwardAt(Tensor x, Tensor at, Mask visible, KeyValueCache cache) {
    return forward(x, at, visible, cache, ForwardPass.evaluation());
  }

  /**
   * The logits of every token.
   *
   * @param hidden [..., L]
   * @return [..., V]
   */
  public Tensor logits(Tensor hidden) {
    return head == null ? tokenEmbedding.scores(hidden) : head.forward(hidden);
  }

  /** An empty cache for this model. */
  KeyValueCache cache(int expectedPositions) {
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
