package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.model.Families;
import io.github.blip2j.blip2.model.LanguageFamilies;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.VisionFamilies;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The setup of the second stage (section 3.2): the trained parts of a BLIP-2, and the precision of
 * the frozen ones.
 *
 * @param trainsVision whether the vision encoder is trained too, as in fine-tuning on captions
 * @param frozenPrecision how frozen matrices are stored and multiplied, or null for plain float32.
 *     Narrower types take less memory and round the gradients; each backward step unpacks the
 *     matrices one by one
 * @param computePrecision the precision of linear maps, forward and backward: float32 or bfloat16.
 *     Trained parameters are stored in float32
 * @param imageSize side of the images in pixels, or null for the model's own; positions are
 *     interpolated once
 * @param families the families of vision encoders and language models that are known
 * @param tuning what is trained besides, and a LoRA
 * @param textSide a first stage, LAVIS's file or a folder, whose text side the Q-Former gets, so
 *     that it reads the input too, as InstructBLIP's; or null
 */
public record StageTwoSetup(
    boolean trainsVision,
    @Nullable Precision frozenPrecision,
    Precision computePrecision,
    @Nullable Integer imageSize,
    Families families,
    Tuning tuning,
    @Nullable Path textSide) {

  /** Checks the size. */
  public StageTwoSetup {
    if (imageSize != null && imageSize < 1) {
      throw new IllegalArgumentException("stage2: imageSize expected at least 1, got " + imageSize);
    }
  }

  /**
   * LAVIS's setup for pretraining: Q-Former, queries, projection and vision norm learn, in float32.
   */
  public static StageTwoSetup lavis() {
    return new StageTwoSetup(
        false, null, Precision.FLOAT32, null, Families.installed(), Tuning.NONE, null);
  }

  /** With the vision encoder trained too, or not. */
  public StageTwoSetup withTrainedVision(boolean trained) {
    return new StageTwoSetup(
        trained, frozenPrecision, computePrecision, imageSize, families, tuning, textSide);
  }

  /** With frozen parameters stored in this precision. */
  public StageTwoSetup withFrozenPrecision(Precision precision) {
    return new StageTwoSetup(
        trainsVision, precision, computePrecision, imageSize, families, tuning, textSide);
  }

  /** With this compute precision of linear maps. */
  public StageTwoSetup withComputePrecision(Precision precision) {
    return new StageTwoSetup(
        trainsVision, frozenPrecision, precision, imageSize, families, tuning, textSide);
  }

  /** With images of this side. */
  public StageTwoSetup withImageSize(int side) {
    return new StageTwoSetup(
        trainsVision, frozenPrecision, computePrecision, side, families, tuning, textSide);
  }

  /** With these families of vision encoders instead of the installed ones. */
  public StageTwoSetup withVisionFamilies(VisionFamilies newFamilies) {
    return with(families.with(newFamilies));
  }

  /** With these families of language models instead of the installed ones. */
  public StageTwoSetup withLanguageFamilies(LanguageFamilies newFamilies) {
    return with(families.with(newFamilies));
  }

  /** With other parameters trained too or frozen, or with a LoRA. */
  public StageTwoSetup with(Tuning newTuning) {
    return new StageTwoSetup(
        trainsVision, frozenPrecision, computePrecision, imageSize, families, newTuning, textSide);
  }

  /** With a Q-Former that reads the input too, by the text side of this first stage. */
  public StageTwoSetup withTextSide(Path stageOne) {
    return new StageTwoSetup(
        trainsVision, frozenPrecision, computePrecision, imageSize, families, tuning, stageOne);
  }

  private StageTwoSetup with(Families newFamilies) {
    return new StageTwoSetup(
        trainsVision, frozenPrecision, computePrecision, imageSize, newFamilies, tuning, textSide);
  }
}
