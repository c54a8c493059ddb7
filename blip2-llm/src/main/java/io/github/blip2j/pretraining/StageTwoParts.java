package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.text.Arguments;
import java.nio.file.Path;

/**
 * The parts from which the second stage begins (section 3.2): a model of the first stage, and a
 * plain language model. The projection between them is drawn. Pass them to {@link
 * StageTwoModel#load(StageTwoParts, io.github.blip2j.tensor.Scope, StageTwoSetup)}.
 *
 * @param stageOne a LAVIS checkpoint of the first stage, its file or folder, or a Hugging Face
 *     folder of any BLIP-2, whose text side and heads are not used
 * @param language a folder of a plain language model, such as {@code facebook/opt-2.7b}, with its
 *     tokenizer
 * @param seed of the projection
 */
public record StageTwoParts(Path stageOne, Path language, long seed) {
  /** Checks that no path is null. */
  public StageTwoParts {
    Arguments.required("parts", "stageOne", stageOne);
    Arguments.required("parts", "language", language);
  }

  /** Parts with seed 0. */
  public static StageTwoParts of(Path stageOne, Path language) {
    return new StageTwoParts(stageOne, language, 0);
  }

  /** With another seed of the projection. */
  public StageTwoParts withSeed(long newSeed) {
    return new StageTwoParts(stageOne, language, newSeed);
  }
}
