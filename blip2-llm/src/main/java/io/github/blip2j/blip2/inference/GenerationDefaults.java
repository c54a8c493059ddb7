package io.github.blip2j.blip2.inference;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.generation.GenerationConfig;

/** How a model decodes where a call does not say: greedily, or as LAVIS does for its models. */
public final class GenerationDefaults {
  private GenerationDefaults() {}

  /** For a caption. */
  public static GenerationConfig caption(Blip2Config config) {
    if (config.convention() != Convention.LAVIS) {
      return GenerationConfig.greedy();
    }
    return config.readsInstruction()
        ? LavisGenerationConfigs.instruction()
        : LavisGenerationConfigs.caption(config.text());
  }

  /** For the answer to a question. */
  public static GenerationConfig answer(Blip2Config config) {
    if (config.convention() != Convention.LAVIS) {
      return GenerationConfig.greedy();
    }
    return config.readsInstruction()
        ? LavisGenerationConfigs.instructionAnswer()
        : LavisGenerationConfigs.answer(config.text());
  }
}
