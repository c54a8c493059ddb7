package io.github.blip2j.pretraining.parts;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.qformer.objective.ContrastiveLoss;
import io.github.blip2j.qformer.objective.Features;
import io.github.blip2j.qformer.objective.Pairs;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Objective;

/**
 * The training of a vision encoder by contrast with the captions' sentence vectors, which stay as
 * they are (Zhai et al. 2022, "LiT"): in a batch, an image should be more similar to its own
 * caption than to the others, and the reverse (Radford et al. 2021). Pairs with equal captions
 * match each other.
 */
public final class VisionTraining implements Objective<CaptionBatch> {
  private static final ContrastiveLoss LOSS =
      new ContrastiveLoss(0, ContrastiveLoss.OtherSide.ATTACHED);

  private final VisionPart part;
  private final SentenceVectors sentences;

  /** The objective of a vision encoder and of the BERT that reads the captions. */
  public VisionTraining(VisionPart part, SentenceVectors sentences) {
    this.part = part;
    this.sentences = sentences;
  }

  /** The contrastive loss of a batch. */
  @Override
  public Losses losses(CaptionBatch batch, ForwardPass pass) {
    Tensor images = part.imageFeatures(batch.pixels(), pass); // [B, P]
    Tensor texts = part.sentenceFeatures(sentences.of(batch.captions())); // [B, P]
    var features = new Features(images.reshape(images.dim(0), 1, images.dim(1)), texts);
    var similarities = LOSS.similarities(features, part.temperature());
    return Losses.of(LOSS.of(similarities, Pairs.withImageIds(batch.captions())));
  }
}
