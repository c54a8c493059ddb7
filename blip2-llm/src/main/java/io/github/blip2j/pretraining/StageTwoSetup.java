package io.github.blip2j.pretraining;

import io.github.blip2j.tensor.types.Precision;
import org.jspecify.annotations.Nullable;

/**
 * Which parts of a BLIP-2 the second stage trains (section 3.2), and the precision of the rest.
 *
 * @param trainsVision whether the vision encoder is trained too, as in fine-tuning on captions
 * @param frozenPrecision how matrices that do not learn are stored and multiplied, or null for
 *     plain float32. Narrower ones take less memory and give gradients that are as rounded; every
 *     backward step unpacks them one by one
 * @param computePrecision the precision of linear maps, forward and backward: float32 or bfloat16.
 *     Trained parameters are stored in float32
 * @param imageSize side of pictures in pixels, or null for the model's own; positions are
 *     interpolated once
 */
public record StageTwoSetup(
    boolean trainsVision,
    @Nullable Precision frozenPrecision,
    Precision computePrecision,
    @Nullable Integer imageSize) {

  /** Checks the size. */
  public StageTwoSetup {
    if (imageSize != null && imageSize < 1) {
      throw new IllegalArgumentException("stage2: imageSize expected at least 1, got " + imageSize);
    }
  }

  /** As LAVIS pretrains: Q-Former, queries, projection and the vision norm learn, in float32. */
  public static StageTwoSetup lavis() {
    return new StageTwoSetup(false, null, Precision.FLOAT32, null);
  }

  /** With the vision encoder trained too, or not. */
  public StageTwoSetup withTrainedVision(boolean trained) {
    return new StageTwoSetup(trained, frozenPrecision, computePrecision, imageSize);
  }

  /** With frozen parameters stored in this precision. */
  public StageTwoSetup withFrozenPrecision(Precision precision) {
    return new StageTwoSetup(trainsVision, precision, computePrecision, imageSize);
  }

  /** With this compute precision of linear maps. */
  public StageTwoSetup withComputePrecision(Precision precision) {
    return new StageTwoSetup(trainsVision, frozenPrecision, precision, imageSize);
  }

  /** With pictures of this side. */
  public StageTwoSetup withImageSize(int side) {
    return new StageTwoSetup(trainsVision, frozenPrecision, computePrecision, side);
  }
}
