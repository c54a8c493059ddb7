package io.github.blip2j.cli.training;

import org.jspecify.annotations.Nullable;

/**
 * The defaults of a training command, which are LAVIS's, or the paper's for questions.
 *
 * @param command its name in messages
 * @param batchSize of each GPU
 * @param lr peak learning rate
 * @param minLr learning rate at the end
 * @param warmupLr learning rate at the start of the warm-up
 * @param warmupSteps batches of the warm-up
 * @param epochs length of a run
 * @param imageSize side of the images in pixels, or null for the model's
 * @param layerDecay of the learning rates of the vision encoder's layers, or null for none
 * @param trainsVision whether the vision encoder is trained
 * @param prompt text before captions, or template of questions
 */
record StageDefaults(
    String command,
    int batchSize,
    double lr,
    double minLr,
    double warmupLr,
    long warmupSteps,
    int epochs,
    @Nullable Integer imageSize,
    @Nullable Double layerDecay,
    boolean trainsVision,
    String prompt) {

  /** A vision encoder before it is joined to a Q-Former. */
  static final StageDefaults VISION =
      new StageDefaults("train vision", 64, 1e-4, 1e-5, 1e-6, 200, 10, null, null, true, "");

  /** A language model before it is joined to images. */
  static final StageDefaults LANGUAGE =
      new StageDefaults("train language", 64, 1e-4, 1e-5, 1e-6, 200, 10, null, null, false, "");

  /** The first stage of pretraining. */
  static final StageDefaults STAGE_ONE =
      new StageDefaults("train stage1", 100, 1e-4, 1e-5, 1e-6, 5000, 10, null, null, false, "");

  /** The second stage of pretraining. */
  static final StageDefaults STAGE_TWO =
      new StageDefaults("train stage2", 64, 1e-4, 1e-5, 1e-6, 2000, 10, null, null, false, "");

  /** Fine-tuning on captions. */
  static final StageDefaults CAPTION =
      new StageDefaults("train caption", 16, 1e-5, 0, 1e-8, 1000, 5, 364, null, true, "a photo of");

  /** Fine-tuning on questions, with the paper's layer-wise decay. */
  static final StageDefaults VQA =
      new StageDefaults(
          "train vqa", 8, 1e-5, 0, 1e-8, 1000, 5, 490, 0.95, true, "Question: {} Answer:");

  /** Fine-tuning of the first stage for retrieval. */
  static final StageDefaults RETRIEVAL =
      new StageDefaults("train retrieval", 14, 1e-5, 0, 1e-8, 1000, 5, 364, null, true, "");
}
