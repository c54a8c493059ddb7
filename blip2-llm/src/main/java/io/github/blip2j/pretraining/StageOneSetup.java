package io.github.blip2j.pretraining;

import io.github.blip2j.tensor.types.Precision;

/**
 * The setup of the first stage (section 3.1): the trained parts of a model, and the precision of
 * its linear maps.
 *
 * @param trainsVision whether the vision encoder is trained too, as in fine-tuning on retrieval
 * @param computePrecision the precision of linear maps, forward and backward: float32 or bfloat16.
 *     Parameters are stored in float32
 * @param tuning what is trained besides, and a LoRA
 */
public record StageOneSetup(boolean trainsVision, Precision computePrecision, Tuning tuning) {
  /** LAVIS's setup for pretraining: everything but the vision encoder learns, in float32. */
  public static StageOneSetup lavis() {
    return new StageOneSetup(false, Precision.FLOAT32, Tuning.NONE);
  }

  /** With the vision encoder trained too, or not. */
  public StageOneSetup withTrainedVision(boolean trained) {
    return new StageOneSetup(trained, computePrecision, tuning);
  }

  /** With this compute precision of linear maps. */
  public StageOneSetup withComputePrecision(Precision precision) {
    return new StageOneSetup(trainsVision, precision, tuning);
  }

  /** With other parameters trained too or frozen, or with a LoRA. */
  public StageOneSetup with(Tuning newTuning) {
    return new StageOneSetup(trainsVision, computePrecision, newTuning);
  }
}
