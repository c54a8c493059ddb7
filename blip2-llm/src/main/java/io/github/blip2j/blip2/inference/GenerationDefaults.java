package io.github.blip2j.blip2.inference;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.generation.GenerationConfig;

/** The default decoding of a model: greedy, or LAVIS's for its convention. */
public final class GenerationDefaults {
  private GenerationDefaults() {}

  /** The default for captions. */
  public static GenerationConfig caption(Blip2Config config) {
    if (config.convention() != Convention.LAVIS) {
      return GenerationConfig.greedy();
    }
    return config.readsInstruction()
        ? LavisGenerationConfigs.instruction(config.text())
        : LavisGenerationConfigs.caption(config.text());
  }

  /** The default for answers to questions. */
  public static GenerationConfig answer(Blip2Config config) {
    if (config.convention() != Convention.LAVIS) {
      return GenerationConfig.greedy();
    }
    return config.readsInstruction()
        ? LavisGenerationConfigs.instructionAnswer(config.text())
        : LavisGenerationConfigs.answer(config.text());
  }
}
