package io.github.blip2j.blip2;

import io.github.blip2j.generation.Decoding;

/** How a model decodes where a call does not say: greedily, or as LAVIS does for its models. */
final class GenerationDefaults {
  private GenerationDefaults() {}

  /** For a caption. */
  static Decoding caption(Blip2Config config) {
    if (config.flavour() != Flavour.LAVIS) {
      return Decoding.greedy();
    }
    return config.readsInstruction()
        ? LavisGeneration.instruction()
        : LavisGeneration.caption(config.text());
  }

  /** For the answer to a question. */
  static Decoding answer(Blip2Config config) {
    if (config.flavour() != Flavour.LAVIS) {
      return Decoding.greedy();
    }
    return config.readsInstruction()
        ? LavisGeneration.instructionAnswer()
        : LavisGeneration.answer(config.text());
  }
}
