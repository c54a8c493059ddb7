package io.github.blip2j.qformer.objective;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.TokenGrid;

/**
 * Image-text contrast (ITC, section 3.1): an image should be more similar to its own text than to
 * the other texts of the batch, and the reverse.
 *
 * @param smoothing share of the target spread evenly over all pairs; LAVIS uses 0.1
 * @param otherSide the gradient of the features that the batch's own features are compared with
 */
public record ContrastiveLoss(double smoothing, OtherSide otherSide) {
  /** Gradients of the features on the other side of a similarity. */
  public enum OtherSide {
    /** No gradient, as in LAVIS, which gathers them from all processes. */
    DETACHED,
    /** A gradient, for a single process that compares its own tensors. */
    ATTACHED
  }

  /** Checks the smoothing. */
  public ContrastiveLoss {
    if (!(smoothing >= 0 && smoothing < 1)) {
      throw new IllegalArgumentException(
          "contrast: smoothing expected in [0, 1), got " + smoothing);
    }
  }

  /** LAVIS's settings: smoothing 0.1, the other side detached. */
  public static ContrastiveLoss lavis() {
    return new ContrastiveLoss(0.1, OtherSide.DETACHED);
  }

  /** This loss with or without gradients on the other side. */
  public ContrastiveLoss with(OtherSide newSide) {
    return new ContrastiveLoss(smoothing, newSide);
  }

  /** Similarities within one batch. */
  public Similarities similarities(Features features, Tensor temperature) {
    Features all = otherSide == OtherSide.DETACHED ? features.detach() : features;
    return Similarities.of(features, all, temperature);
  }

  /**
   * Similarities of a rank's own features with those of all ranks.
   *
   * @param all gathered from {@code own}
   */
  Similarities similarities(Features own, Features all, Tensor temperature) {
    return Similarities.of(own, otherSide == OtherSide.DETACHED ? all.detach() : all, temperature);
  }

  /**
   * The mean of the cross-entropies of both directions.
   *
   * @param pairs which pairs match: own row b matches column {@code pairs.first() + b} and, with
   *     image ids, every pair of the same image
   * @return a scalar
   */
  public Tensor of(Similarities similarities, Pairs pairs) {
    similarities
        .imageToText()
        .shape()
        .require("contrast", "similarities", pairs.own(), pairs.all());
    Tensor soft = pairs.hasIds() ? softTargets(pairs) : null;
    Tensor sum = null;
    for (Tensor direction : similarities.directions()) {
      Tensor loss = soft == null ? hard(direction, pairs) : soft(direction, soft);
      sum = sum == null ? loss : sum.add(loss);
    }
    if (sum == null) {
      throw new AssertionError("similarities without a direction");
    }
    return sum.mul(0.5);
  }

  private Tensor hard(Tensor similarity, Pairs pairs) {
    long[] own = new long[pairs.own()];
    for (int b = 0; b < own.length; b++) {
      own[b] = (long) pairs.first() + b;
    }
    return similarity.crossEntropy(Tensor.of(own, own.length), smoothing).mean();
  }

  private static Tensor soft(Tensor similarity, Tensor targets) {
    Tensor matched = similarity.logSoftmax().mul(targets.to(similarity.dtype()));
    return matched.sum().mul(-1.0 / similarity.dim(0));
  }

  /** The targets with image ids: texts of one image share its target. */
  private Tensor softTargets(Pairs pairs) {
    float[] targets = new float[TokenGrid.size("contrastive loss", pairs.own(), pairs.all())];
    for (int b = 0; b < pairs.own(); b++) {
      int matching = 0;
      for (int j = 0; j < pairs.all(); j++) {
        matching += pairs.match(b, j) ? 1 : 0;
      }
      for (int j = 0; j < pairs.all(); j++) {
        double share = pairs.match(b, j) ? (1 - smoothing) / matching : 0;
        targets[b * pairs.all() + j] = (float) (share + smoothing / pairs.all());
      }
    }
    return Tensor.of(targets, pairs.own(), pairs.all());
  }
}
