package org.example.research;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.StageOnePass;
import io.github.blip2j.pretraining.StageOneTraining;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Objective;

/** The first stage, and a penalty for queries of one image that have similar features. */
record Diversity(StageOneTraining stageOne, double weight) implements Objective<CaptionBatch> {
  @Override
  public Losses losses(CaptionBatch batch, ForwardPass pass) {
    StageOnePass first = stageOne.forward(batch, pass);
    Tensor features = first.output().features().images(); // [B, Q, P], unit vectors
    Tensor cosines = features.matmul(features.transpose()); // [B, Q, Q]
    return first.losses().plus("alike", cosines.mul(cosines).mean(), weight);
  }
}
