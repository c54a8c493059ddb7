package io.github.blip2j.qformer.objective;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.random.RandomGenerator;

/**
 * The three objectives of the first stage (section 3.1, figure 2). Keys and values of the image,
 * and the encoded queries, are computed once and shared by contrast, matching and generation.
 */
public final class StageOneObjective {
  private final Blip2Qformer model;
  private final ContrastiveLoss contrast;
  private final NegativeSampler sampler;
  private final Weights weights;

  /** The weights of the three losses. */
  public record Weights(double contrast, double matching, double generation) {
    /** Equal weights, as in the paper. */
    public static Weights equal() {
      return new Weights(1, 1, 1);
    }
  }

  private StageOneObjective(
      Blip2Qformer model, ContrastiveLoss contrast, NegativeSampler sampler, Weights weights) {
    this.model = model;
    this.contrast = contrast;
    this.sampler = sampler;
    this.weights = weights;
  }

  /** LAVIS's settings. */
  public static StageOneObjective lavis(Blip2Qformer model) {
    return new StageOneObjective(
        model, ContrastiveLoss.lavis(), HardNegatives.MASKED, Weights.equal());
  }

  /** This objective with another contrastive loss. */
  public StageOneObjective with(ContrastiveLoss newContrast) {
    return new StageOneObjective(model, newContrast, sampler, weights);
  }

  /** This objective with another sampler of negatives. */
  public StageOneObjective with(NegativeSampler newSampler) {
    return new StageOneObjective(model, contrast, newSampler, weights);
  }

  /** This objective with other weights. */
  public StageOneObjective with(Weights newWeights) {
    return new StageOneObjective(model, contrast, sampler, newWeights);
  }

  /**
   * All losses of a batch.
   *
   * @param image the vision encoder's output, [B, N, E]
   * @param texts one for each image
   * @param pairs which of them show the same image
   * @param random the random source of negatives
   */
  public StageOneOutput forward(
      Tensor image, TextBatch texts, Pairs pairs, ForwardPass pass, RandomGenerator random) {
    image.shape().require("stage1", "image", texts.size(), Shape.ANY, Shape.ANY);
    CrossAttentionKeyValues keyValues = model.imageKeyValues(image);
    KeyValueCache cache = model.cache(texts.length());
    Tensor queries = model.encodeQueries(keyValues, cache, pass); // [B, Q, C]
    Tensor starts = model.encodeTextStart(texts, pass); // [B, 1, C]

    Features features = new Features(model.imageFeatures(queries), model.textFeature(starts));
    Similarities similarities = contrast.similarities(features, model.temperature());
    Tensor itc = contrast.of(similarities, pairs);

    Negatives negatives = sampler.sample(similarities, pairs, random);
    Tensor logits = MatchingLoss.logits(model, keyValues, texts, pairs, negatives, pass); // [3B, 2]
    Tensor itm = MatchingLoss.of(logits);

    Tensor decoded; // [B, T, C]
    Tensor itg;
    try (var off = weights.generation == 0 ? GradMode.noGrad() : null) { // to be logged alone
      decoded = GenerationLoss.decode(model, cache, texts, pass);
      itg = GenerationLoss.of(model, decoded, texts, GenerationLoss.lavis());
    }

    Tensor total =
        itc.mul(weights.contrast).add(itm.mul(weights.matching)).add(itg.mul(weights.generation));
    var states = new StageOneStates(keyValues, queries, starts, decoded);
    return new StageOneOutput(
        total, itc, itm, itg, features, similarities, negatives, logits, states);
  }
}
