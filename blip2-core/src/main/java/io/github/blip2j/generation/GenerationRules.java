package io.github.blip2j.generation;

import io.github.blip2j.generation.logits.EndTokens;
import io.github.blip2j.generation.logits.TokenHistory;
import java.util.Locale;
import java.util.SplittableRandom;

/** The settings and random sources that all rows of one generation share. */
record GenerationRules(GenerationConfig decoding, EndTokens ends, LogitsProcessorList processors) {

  boolean isLast(TokenHistory history) {
    return ends.contains(history.last()) || history.newTokens() == decoding.maxNewTokens();
  }

  Sequence sequence(TokenHistory history, float score) {
    return new Sequence(history, score, ends.contains(history.last()));
  }

  /** The random source of each returned sequence; the same for every prompt of a batch. */
  SplittableRandom[] randoms() {
    var seeds = new SplittableRandom(decoding.seed());
    var randoms = new SplittableRandom[decoding.numReturnSequences()];
    for (int i = 0; i < randoms.length; i++) {
      randoms[i] = seeds.split();
    }
    return randoms;
  }

  IllegalStateException nothingPossible(TokenHistory history) {
    return new IllegalStateException(
        String.format(
            Locale.ROOT,
            "generate: prompt %d at step %d expected a possible token, got -Infinity for all;"
                + " relax minNewTokens, noRepeatNgramSize or the processors",
            history.prompt(),
            history.newTokens()));
  }
}
