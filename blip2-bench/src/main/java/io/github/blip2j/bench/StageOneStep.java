package io.github.blip2j.bench;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.qformer.objective.Pairs;
import io.github.blip2j.qformer.objective.StageOneObjective;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.util.SplittableRandom;

/**
 * One step of BLIP-2's first stage at full size, on given image features: three losses with
 * dropout, their gradients, and the update of 188 million float32 parameters.
 */
final class StageOneStep {
  private static final double RATE = 1e-4;
  private static final double DECAY = 0.05;

  private final StageOneObjective objective;
  private final AdamW optimizer;
  private final SplittableRandom random = new SplittableRandom(4);

  private StageOneStep(StageOneObjective objective, AdamW optimizer) {
    this.objective = objective;
    this.optimizer = optimizer;
  }

  /** The step of a model that lives in {@code memory} and computes in {@code factors}. */
  static StageOneStep of(Weights weights, Precision factors, Scope memory) {
    Params params = Params.root(weights, memory);
    var model = Blip2Qformer.of(Blip2QformerConfig.blip2(), params);
    for (Parameter parameter : params.all().values()) {
      parameter.computeIn(factors);
      parameter.train();
    }
    var groups = ParameterGroup.of(params.all().values(), DECAY);
    return new StageOneStep(StageOneObjective.lavis(model), new AdamW(groups, AdamWRule.DEFAULT));
  }

  /**
   * Runs one step.
   *
   * @param image [B, N, E]
   * @return the loss, a scalar
   */
  Tensor run(Tensor image, TextBatch texts) {
    optimizer.clearGradients();
    ForwardPass pass = ForwardPass.training(random);
    Tensor loss = objective.forward(image, texts, Pairs.of(texts.size()), pass, random).total();
    loss.backward();
    optimizer.step(RATE, 1);
    return loss;
  }
}
