package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.StageOneModel;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.qformer.objective.Pairs;
import io.github.blip2j.qformer.objective.StageOne;
import io.github.blip2j.qformer.objective.StageOneOutput;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Objective;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * The first stage of BLIP-2 (Li et al. 2023, section 3.1) as something to minimise: pictures and
 * captions to the sum of contrast ({@code itc}), matching ({@code itm}) and generation ({@code
 * itg}).
 *
 * <p>Captions longer than the model's {@code maxTextTokens} lose their end. They are padded to the
 * longest of the batch; LAVIS pads to {@code maxTextTokens}, which computes the same from more
 * padding.
 */
public final class StageOneTraining implements Objective<CaptionBatch> {
  private final StageOneModel model;
  private final Tokenizer tokenizer;
  private final StageOne objective;
  private final int padId;

  private StageOneTraining(
      StageOneModel model, Tokenizer tokenizer, StageOne objective, int padId) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.objective = objective;
    this.padId = padId;
  }

  /**
   * As LAVIS trains.
   *
   * @throws IllegalArgumentException if the tokenizer has no token for padding
   * @throws IllegalStateException if the model was loaded without what only training needs
   */
  public static StageOneTraining of(StageOneModel model, Tokenizer tokenizer) {
    model.qformer().writer();
    model.qformer().temperature();
    int padId =
        tokenizer
            .padId()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "stage1: tokenizer expected with a pad token, got none"));
    return new StageOneTraining(model, tokenizer, StageOne.lavis(model.qformer()), padId);
  }

  /** With other weights, another contrast or another way to choose negatives. */
  public StageOneTraining with(StageOne newObjective) {
    return new StageOneTraining(model, tokenizer, newObjective, padId);
  }

  @Override
  public Losses losses(CaptionBatch batch, Pass pass) {
    Tensor image = model.see(batch.pixels(), pass); // [B, N, E]
    StageOneOutput output =
        objective.forward(image, texts(batch.captions()), pairs(batch), pass, random(pass));
    return Losses.of(output.total())
        .with("itc", output.contrast())
        .with("itm", output.matching())
        .with("itg", output.generation());
  }

  /** Captions as the Q-Former reads them. */
  TextBatch texts(List<String> captions) {
    int longest = model.config().qformer().maxTextTokens();
    List<int[]> ids =
        captions.stream()
            .map(text -> tokenizer.encodeTruncated(text, longest, Side.RIGHT))
            .toList();
    return TextBatch.of(ids, padId);
  }

  private static Pairs pairs(CaptionBatch batch) {
    return batch.imageIds().isEmpty()
        ? Pairs.of(batch.captions().size())
        : Pairs.withImageIds(batch.imageIds());
  }

  /** Negatives are drawn when evaluating too; always the same ones then. */
  private static RandomGenerator random(Pass pass) {
    RandomGenerator random = pass.random();
    return random == null ? new SplittableRandom(0) : random;
  }
}
