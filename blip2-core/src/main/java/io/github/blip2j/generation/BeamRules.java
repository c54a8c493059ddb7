package io.github.blip2j.generation;

/**
 * Which generation of Hugging Face's {@code generate} a beam search follows. The two keep the same
 * beams; they differ in how long a finished sequence counts as, in when the search ends, and in the
 * sampling of beams.
 */
public enum BeamRules {
  /**
   * As transformers 5: a sequence's length is that of its new tokens, the end included; at the
   * length limit all that ranks among the first counts as finished. The default.
   */
  TRANSFORMERS_5,
  /**
   * As transformers 4.33, which LAVIS pins: a sequence's length is that of all its ids before the
   * end, those it started from included; at the length limit what still runs is added to what has
   * finished; and temperature, top-k and top-p act on a beam's sum instead of its last token.
   */
  TRANSFORMERS_4_33;

  BeamScorer scorer(GenerationRules rules) {
    return switch (this) {
      case TRANSFORMERS_5 -> new GeneratedLengthScorer(rules);
      case TRANSFORMERS_4_33 -> new WholeLengthScorer(rules);
    };
  }
}
