package io.github.blip2j.blip2.model;

import io.github.blip2j.vision.VisionFamilies;

/** The families of vision encoders and language models that a checkpoint is read with. */
public record Families(VisionFamilies vision, LanguageFamilies language) {
  /** Those of this library, and those that are installed as services. */
  public static Families installed() {
    return new Families(VisionFamilies.installed(), LanguageFamilies.installed());
  }

  /** With other families of vision encoders. */
  public Families with(VisionFamilies newVision) {
    return new Families(newVision, language);
  }

  /** With other families of language models. */
  public Families with(LanguageFamilies newLanguage) {
    return new Families(vision, newLanguage);
  }
}
