package io.github.blip2j.generation;

/**
 * The version of Hugging Face's {@code generate} that a beam search follows. The versions keep the
 * same beams; they differ in the length of a finished sequence, in the end of the search, and in
 * the sampling of beams.
 */
public enum BeamRules {
  /**
   * As in transformers 5: a sequence's length is that of its new tokens, the end token included; at
   * the length limit, every candidate that ranks among the first counts as finished. The default.
   */
  TRANSFORMERS_5,
  /**
   * As in transformers 4.33, which LAVIS pins: a sequence's length is that of all its ids before
   * the end token, those of the prompt included; at the length limit, running beams are added to
   * the finished ones; and temperature, top-k and top-p act on a beam's sum instead of its last
   * token.
   */
  TRANSFORMERS_4_33;

  BeamScorer scorer(GenerationRules rules) {
    return switch (this) {
      case TRANSFORMERS_5 -> new GeneratedLengthScorer(rules);
      case TRANSFORMERS_4_33 -> new WholeLengthScorer(rules);
    };
  }
}
