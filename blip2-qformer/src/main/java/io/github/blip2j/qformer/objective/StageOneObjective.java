package io.github.blip2j.qformer.objective;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The three objectives of the first stage (section 3.1, figure 2). Keys and values of the image,
 * and the encoded queries, are computed once and shared by contrast, matching and generation. What
 * only an objective of weight 0 would need is not computed.
 */
public final class StageOneObjective {
  private final Blip2Qformer model;
  private final ContrastiveLoss contrast;
  private final NegativeSampler sampler;
  private final Weights weights;
  private final ImageReader reader;

  /** Reads images of the whole batch, which other ranks may have, for matching. */
  @FunctionalInterface
  public interface ImageReader {
    /**
     * Their keys and values.
     *
     * @param images the vision encoder's output, [B, N, E]
     * @param places of each in the whole batch
     */
    CrossAttentionKeyValues read(Tensor images, int[] places);
  }

  /** The weights of the three losses; 0 leaves one out. */
  public record Weights(double contrast, double matching, double generation) {
    /** Checks that there is something to learn. */
    public Weights {
      boolean wrong = false;
      for (double weight : new double[] {contrast, matching, generation}) {
        wrong |= !(weight >= 0 && weight < Double.POSITIVE_INFINITY);
      }
      if (wrong || contrast + matching + generation == 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "stage1: weights of losses expected at least 0, finite and not all 0, got itc=%s,"
                    + " itm=%s, itg=%s",
                contrast,
                matching,
                generation));
      }
    }

    /** Equal weights, as in the paper. */
    public static Weights equal() {
      return new Weights(1, 1, 1);
    }
  }

  private StageOneObjective(
      Blip2Qformer model,
      ContrastiveLoss contrast,
      NegativeSampler sampler,
      Weights weights,
      ImageReader reader) {
    this.model = model;
    this.contrast = contrast;
    this.sampler = sampler;
    this.weights = weights;
    this.reader = reader;
  }

  /** LAVIS's settings. */
  public static StageOneObjective lavis(Blip2Qformer model) {
    return new StageOneObjective(
        model,
        ContrastiveLoss.lavis(),
        HardNegatives.MASKED,
        Weights.equal(),
        (images, places) -> model.imageKeyValues(images));
  }

  /** This objective with another contrastive loss. */
  public StageOneObjective with(ContrastiveLoss newContrast) {
    return new StageOneObjective(model, newContrast, sampler, weights, reader);
  }

  /** This objective with another sampler of negatives. */
  public StageOneObjective with(NegativeSampler newSampler) {
    return new StageOneObjective(model, contrast, newSampler, weights, reader);
  }

  /** The weights of the three losses. */
  public Weights weights() {
    return weights;
  }

  /** This objective with other weights. */
  public StageOneObjective with(Weights newWeights) {
    return new StageOneObjective(model, contrast, sampler, newWeights, reader);
  }

  /** This objective with another reader of other ranks' images, for a model that draws in it. */
  public StageOneObjective with(ImageReader newReader) {
    return new StageOneObjective(model, contrast, sampler, weights, newReader);
  }

  /**
   * The losses of a batch.
   *
   * @param image the vision encoder's output, [B, N, E]
   * @param texts one for each image
   * @param pairs which of them show the same image; on one of several ranks its own pairs among all
   * @param random the random source of negatives
   */
  public StageOneOutput forward(
      Tensor image, TextBatch texts, Pairs pairs, ForwardPass pass, RandomGenerator random) {
    image.shape().require("stage1", "image", texts.size(), Shape.ANY, Shape.ANY);
    CrossAttentionKeyValues keyValues = model.imageKeyValues(image);
    @Nullable KeyValueCache cache = weights.generation > 0 ? model.cache(texts.length()) : null;
    Tensor queries = queries(keyValues, cache, pass); // [B, Q, C]

    @Nullable Compared compared =
        weights.contrast > 0 || weights.matching > 0 ? compared(queries, texts, pass) : null;
    @Nullable Tensor itc =
        weights.contrast > 0 && compared != null ? contrast.of(compared.similarities, pairs) : null;

    @Nullable Negatives negatives =
        weights.matching > 0 && compared != null
            ? sampler.sample(compared.similarities, pairs, random)
            : null;
    @Nullable Tensor logits = // [3B, 2]
        negatives == null
            ? null
            : pass.ranks().areAlone()
                ? MatchingLoss.logits(model, keyValues, texts, pairs, negatives, pass)
                : logits(keyValues, image, texts, negatives, pass);
    @Nullable Tensor itm = logits == null ? null : MatchingLoss.of(logits);

    @Nullable Tensor decoded = // [B, T, C]
        cache == null ? null : GenerationLoss.decode(model, cache, texts, pass);
    @Nullable Tensor itg = decoded == null ? null : generation(decoded, texts, pass);

    return new StageOneOutput(
        total(itc, itm, itg),
        itc,
        itm,
        itg,
        compared == null ? null : compared.features,
        compared == null ? null : compared.similarities,
        negatives,
        logits,
        new StageOneStates(keyValues, queries, compared == null ? null : compared.starts, decoded));
  }

  /** The logits of one rank of several, which needs other ranks' images. */
  private Tensor logits(
      CrossAttentionKeyValues keyValues,
      Tensor image,
      TextBatch texts,
      Negatives negatives,
      ForwardPass pass) {
    int[] places = negatives.imageForText();
    Tensor theirs = // [B, N, E]
        image.allGather(pass.ranks().collectives()).gather(Tensor.ids(places));
    CrossAttentionKeyValues both =
        CrossAttentionKeyValues.concat(List.of(keyValues, reader.read(theirs, places)));
    return MatchingLoss.logits(model, both, texts, negatives, pass);
  }

  private Tensor generation(Tensor decoded, TextBatch texts, ForwardPass pass) {
    TokenLoss how = GenerationLoss.lavis();
    Tensor loss = GenerationLoss.of(model, decoded, texts, how);
    Ranks ranks = pass.ranks();
    return ranks.areAlone() ? loss : loss.mul(ranks.weight(how.count(texts.labels())));
  }

  /** The encoded queries; negatives alone need no gradients of them. */
  private Tensor queries(
      CrossAttentionKeyValues image, @Nullable KeyValueCache cache, ForwardPass pass) {
    if (cache != null) {
      return model.encodeQueries(image, cache, pass);
    }
    if (weights.contrast > 0) {
      return model.encodeQueries(image, pass);
    }
    try (var off = GradMode.noGrad()) {
      return model.encodeQueries(image, pass);
    }
  }

  /**
   * Images and texts side by side.
   *
   * @param starts [B, 1, C]
   */
  private record Compared(Tensor starts, Features features, Similarities similarities) {}

  private Compared compared(Tensor queries, TextBatch texts, ForwardPass pass) {
    if (weights.contrast > 0) {
      return compare(queries, texts, pass);
    }
    try (var off = GradMode.noGrad()) { // for the choice of negatives only
      return compare(queries, texts, pass);
    }
  }

  private Compared compare(Tensor queries, TextBatch texts, ForwardPass pass) {
    Tensor starts = model.encodeTextStart(texts, pass); // [B, 1, C]
    Features features = new Features(model.imageFeatures(queries), model.textFeature(starts));
    Features all = features.allGather(pass.ranks());
    return new Compared(
        starts, features, contrast.similarities(features, all, model.temperature()));
  }

  private Tensor total(@Nullable Tensor itc, @Nullable Tensor itm, @Nullable Tensor itg) {
    @Nullable Tensor total = plus(null, itc, weights.contrast);
    total = plus(total, itm, weights.matching);
    total = plus(total, itg, weights.generation);
    if (total == null) {
      throw new AssertionError("one of the weights is not 0");
    }
    return total;
  }

  private static @Nullable Tensor plus(@Nullable Tensor sum, @Nullable Tensor loss, double weight) {
    if (loss == null) {
      return sum;
    }
    return sum == null ? loss.mul(weight) : sum.add(loss.mul(weight));
  }
}
